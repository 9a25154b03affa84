package dev.burnish.tools;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The documentation that a model reads: of a method that is a tool, of its parameters, and of the
/// components of records among them. Javadoc is not in the class.
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
public @interface Description {
  /// The text.
  String value();

  /// The name that the model uses; that of the method, parameter or component unless given.
  String name() default "";
}
