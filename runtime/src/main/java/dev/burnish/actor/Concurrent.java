package dev.burnish.actor;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// An endpoint whose calls run concurrently with all others of the actor, each on a thread of its
/// own. They start in order of arrival. The actor must guard its own state then.
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Concurrent {}
