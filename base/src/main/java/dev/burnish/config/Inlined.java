package dev.burnish.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks a component of a configuration record whose own components are keys of the record around
/// it: settings that several records share, under the keys that each of them would have had.
///
/// ```java
/// record Settings(@Inlined TrainingSettings training, int batch) {}   // keys: seed, steps, batch
/// ```
///
/// The component must be a record, and each key must stand in the record around it once.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Inlined {}
