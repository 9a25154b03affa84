package dev.burnish.actor;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// An endpoint that may run twice for one call: when a replica is lost with such a call, a service
/// has another replica do it. Calls of sessions are not done again, since they depend on what the
/// lost replica knew. Takes no iterator and no callback, which a call uses up.
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Idempotent {}
