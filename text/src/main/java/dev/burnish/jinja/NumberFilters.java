package dev.burnish.jinja;

import dev.burnish.jinja.Filters.Filter;
import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Arguments.Bound;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyNumber;
import dev.burnish.jinja.python.Undefined;
import java.util.Map;
import java.util.Optional;

/// Filters that make numbers, or text of numbers.
final class NumberFilters {
  private NumberFilters() {}

  static void register(Map<String, Filter> filters) {
    filters.put("abs", (_, value, _) -> abs(value));
    filters.put("int", NumberFilters::toInteger);
    filters.put("float", NumberFilters::toFloat);
    filters.put("round", NumberFilters::round);
  }

  private static Object abs(Object value) {
    if (value instanceof Double number) {
      return Math.abs(number);
    }
    if (!PyNumber.isNumber(value)) {
      throw Undefined.orType(value, "bad operand type for abs(): '%s'", Py.typeName(value));
    }
    return PyNumber.normalized(PyNumber.big(value).abs());
  }

  private static Object toInteger(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("int", "default=", "base=");
    Object otherwise = bound.or(0, 0L);
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Optional<String> text = Py.text(value);
    if (text.isPresent()) {
      Optional<Object> parsed = PyNumber.parseInteger(text.get(), bound.count(1, 10));
      Optional<Double> number = PyNumber.parseFloat(text.get());
      return parsed.orElseGet(
          () -> number.filter(Double::isFinite).map(PyNumber::truncate).orElse(otherwise));
    }
    if (value instanceof Double number) {
      if (Double.isInfinite(number)) {
        throw JinjaException.of("OverflowError", "cannot convert float infinity to integer");
      }
      return Double.isNaN(number) ? otherwise : PyNumber.truncate(number);
    }
    return PyNumber.isInteger(value) ? PyNumber.normalized(PyNumber.big(value)) : otherwise;
  }

  private static Object toFloat(Interpreter interpreter, Object value, Arguments args) {
    Object otherwise = args.bind("float", "default=").or(0, 0.0);
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (PyNumber.isNumber(value)) {
      return PyNumber.toDouble(value);
    }
    return Py.text(value).flatMap(PyNumber::parseFloat).map(Object.class::cast).orElse(otherwise);
  }

  private static Object round(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("round", "precision=", "method=");
    int precision = bound.count(0, 0);
    String method = bound.text(1, "common");
    if (!method.equals("common") && !method.equals("ceil") && !method.equals("floor")) {
      throw Filters.argument("method must be common, ceil or floor");
    }
    if (!PyNumber.isNumber(value)) {
      throw Undefined.orType(value, "type %s doesn't define __round__ method", Py.typeName(value));
    }
    if (!method.equals("common")) {
      return directed(value, precision, method.equals("ceil"));
    }
    return PyNumber.round(value, precision);
  }

  private static Object directed(Object value, int precision, boolean up) {
    Object scale = PyNumber.arithmetic("**", 10L, (long) precision);
    double scaled = PyNumber.toDouble(PyNumber.arithmetic("*", value, scale));
    Object whole = PyNumber.truncate(up ? Math.ceil(scaled) : Math.floor(scaled));
    return PyNumber.arithmetic("/", whole, scale);
  }
}
