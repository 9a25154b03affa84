package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Arguments.Bound;
import dev.burnish.text.jinja.Filters.Filter;
import dev.burnish.text.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
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
    filters.put("filesizeformat", NumberFilters::fileSize);
  }

  private static Object abs(Object value) {
    if (value instanceof Double number) {
      return Math.abs(number);
    }
    if (!PyNumber.isNumber(value)) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.type("bad operand type for abs(): '%s'", Py.typeName(value));
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
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.type("type %s doesn't define __round__ method", Py.typeName(value));
    }
    if (!method.equals("common")) {
      return directed(value, precision, method.equals("ceil"));
    }
    if (value instanceof Double number) {
      return PyNumber.round(number, precision);
    }
    BigInteger whole = PyNumber.big(value);
    if (precision >= 0) {
      return PyNumber.normalized(whole);
    }
    return PyNumber.normalized(
        new BigDecimal(whole)
            .setScale(Math.max(precision, -10_000), java.math.RoundingMode.HALF_EVEN)
            .toBigInteger());
  }

  private static Object directed(Object value, int precision, boolean up) {
    Object scale = PyNumber.arithmetic("**", 10L, (long) precision);
    double scaled = PyNumber.toDouble(PyNumber.arithmetic("*", value, scale));
    Object whole = PyNumber.truncate(up ? Math.ceil(scaled) : Math.floor(scaled));
    return PyNumber.arithmetic("/", whole, scale);
  }

  private static Object fileSize(Interpreter interpreter, Object value, Arguments args) {
    boolean binary = args.bind("filesizeformat", "binary=").flag(0);
    double bytes =
        (double)
            Py.text(value)
                .map(text ->
                    PyNumber.parseFloat(text)
                        .orElseThrow(() ->
                            JinjaException.value(
                                "could not convert string to float: %s", Repr.ofString(text))))
                .orElseGet(() -> PyNumber.toDouble(value));
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return PyNumber.truncate(bytes) + " Bytes";
    }
    String prefixes = "kMGTPEZY";
    double unit = base;
    for (int i = 0; ; i++) {
      unit *= base;
      if (bytes < unit || i == prefixes.length() - 1) {
        String prefix = prefixes.substring(i, i + 1);
        return NumberFormat.digits(base * bytes / unit, 'f', 1, false)
            + " "
            + (binary ? prefix.toUpperCase(java.util.Locale.ROOT) + "iB" : prefix + "B");
      }
    }
  }
}
