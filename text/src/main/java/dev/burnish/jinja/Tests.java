package dev.burnish.jinja;

import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Callable;
import dev.burnish.jinja.python.Casing;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.None;
import dev.burnish.jinja.python.Operators;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyNumber;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.python.Undefined;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// The tests by name: the words after `is`.
final class Tests {
  private interface Test {
    boolean test(Object value, Arguments arguments);
  }

  private static final Map<String, Test> TESTS = new HashMap<>();

  static {
    plain("defined", value -> !(value instanceof Undefined));
    plain("undefined", Undefined.class::isInstance);
    plain("none", value -> value == None.NONE);
    plain("boolean", Boolean.class::isInstance);
    plain("true", Boolean.TRUE::equals);
    plain("false", Boolean.FALSE::equals);
    plain("integer", value -> value instanceof Long || value instanceof BigInteger);
    plain("float", Double.class::isInstance);
    plain("number", PyNumber::isNumber);
    plain("string", Py::isText);
    plain("mapping", value -> value instanceof PyDict);
    plain("sequence", Py::isSequence);
    plain("iterable", Py::isIterable);
    plain("callable", value -> value instanceof Callable || value instanceof Undefined);
    plain("lower", value -> Casing.isCased(Repr.str(value), Character::isLowerCase));
    plain("upper", value -> Casing.isCased(Repr.str(value), Character::isUpperCase));
    plain("odd", value -> remainder(value, 2L).equals(1L) || remainder(value, 2L).equals(1.0));
    plain("even", value -> Py.equal(remainder(value, 2L), 0L));
    operand("divisibleby", (value, other) -> Py.equal(remainder(value, other), 0L));
    operand("sameas", Tests::isSame);
    operand("in", (value, other) -> Py.contains(other, value));
    comparison("==", "eq", "equalto");
    comparison("!=", "ne");
    comparison("<", "lt", "lessthan");
    comparison("<=", "le");
    comparison(">", "gt", "greaterthan");
    comparison(">=", "ge");
  }

  private Tests() {}

  private static void plain(String name, Predicate<Object> body) {
    TESTS.put(
        name,
        (value, args) -> {
          args.bind(name);
          return body.test(value);
        });
  }

  private interface Comparison {
    boolean test(Object value, Object other);
  }

  private static void operand(String name, Comparison body) {
    TESTS.put(name, (value, args) -> body.test(value, args.bind(name, "other").required(0)));
  }

  private static void comparison(String operator, String... names) {
    operand(operator, (value, other) -> Operators.compare(operator, value, other));
    for (String name : names) {
      operand(name, (value, other) -> Operators.compare(operator, value, other));
    }
  }

  static boolean exists(String name) {
    return TESTS.containsKey(name);
  }

  static boolean test(String name, Object value, Arguments arguments) {
    return Optional.ofNullable(TESTS.get(name))
        .orElseThrow(() ->
            JinjaException.of(
                "TemplateRuntimeError",
                "No test named '%s' found.".formatted(name.toLowerCase(Locale.ROOT))))
        .test(value, arguments);
  }

  private static Object remainder(Object value, Object divisor) {
    return Operators.binary("%", value, divisor);
  }

  /// Python's `is`, which for templates means the same object, or the same small value.
  @SuppressWarnings("ReferenceEquality") // identity is what is asked for
  private static boolean isSame(Object value, Object other) {
    return switch (value) {
      case Boolean _, None _ -> value.equals(other);
      case Long _, String _ -> value.equals(other);
      default -> value == other;
    };
  }
}
