package dev.burnish.actor;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks an endpoint that may run twice for one call: when a replica is lost with such a call, a
/// service sends the call to another replica. Calls of sessions are not resent, since they depend
/// on the state of the lost replica. Such an endpoint takes no iterator and no callback, which a
/// call uses up.
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Idempotent {}
