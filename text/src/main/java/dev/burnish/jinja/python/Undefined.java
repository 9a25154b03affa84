package dev.burnish.jinja.python;

/// A value that is not there, and why: prints nothing, is empty, and fails in any other use.
public record Undefined(String type, String reason) {
  public static Undefined of(String reason) {
    return new Undefined("UndefinedError", reason);
  }

  public static Undefined name(String name) {
    return of(Repr.ofString(name) + " is undefined");
  }

  static Undefined attribute(Object object, Object name) {
    return of(
        name instanceof String text
            ? "%s has no attribute %s"
                .formatted(Repr.ofString(Py.describe(object)), Repr.ofString(text))
            : "%s has no element %s".formatted(Py.describe(object), Repr.of(name)));
  }

  static Undefined unsafe(Object object, String name) {
    return new Undefined(
        "SecurityError",
        "access to attribute %s of %s object is unsafe."
            .formatted(Repr.ofString(name), Repr.ofString(Py.typeName(object))));
  }

  public JinjaException failure() {
    return JinjaException.of(type, reason);
  }

  /// The exception of a value of the wrong type: its own where the value is undefined.
  public static JinjaException orType(Object value, String reason, Object... values) {
    return value instanceof Undefined undefined
        ? undefined.failure()
        : JinjaException.type(reason, values);
  }
}
