package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;

/// Python's operators.
final class Operators {
  private Operators() {}

  static Object binary(String operator, Object left, Object right) {
    if (PyNumber.isNumber(left) && PyNumber.isNumber(right)) {
      return PyNumber.arithmetic(operator, left, right);
    }
    if (operator.equals("%") && Py.isText(left)) {
      return PercentFormat.format(left, right);
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator.equals("+")) {
      return add(left, right);
    }
    if (operator.equals("*")) {
      if (PyNumber.isInteger(right) && isSequence(left)) {
        return repeat(left, PyNumber.clamped(right));
      }
      if (PyNumber.isInteger(left) && isSequence(right)) {
        return repeat(right, PyNumber.clamped(left));
      }
      if (isSequence(left) || isSequence(right)) {
        throw JinjaException.type(
            "can't multiply sequence by non-int of type '%s'",
            Py.typeName(isSequence(left) ? right : left));
      }
    }
    throw unsupported(operator, left, right);
  }

  private static JinjaException unsupported(String operator, Object left, Object right) {
    String name = operator.equals("**") ? "** or pow()" : operator;
    return JinjaException.type(
        "unsupported operand type(s) for %s: '%s' and '%s'",
        name, Py.typeName(left), Py.typeName(right));
  }

  private static boolean isSequence(Object value) {
    return Py.isText(value) || value instanceof PyList || value instanceof PyTuple;
  }

  private static Object add(Object left, Object right) {
    if (left instanceof Markup || right instanceof Markup) {
      if (Py.isText(left) && Py.isText(right)) {
        return new Markup(checked(escaped(left) + escaped(right)));
      }
    }
    if (left instanceof String a && right instanceof String b) {
      return checked(a, b);
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return new PyList(joined(a.items(), b.items()));
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return new PyTuple(joined(a.items(), b.items()));
    }
    if (Py.isText(left)) {
      throw JinjaException.type("can only concatenate str (not \"%s\") to str", Py.typeName(right));
    }
    if (isSequence(left)) {
      throw JinjaException.type(
          "can only concatenate %s (not \"%s\") to %s",
          Py.typeName(left), Py.typeName(right), Py.typeName(left));
    }
    throw unsupported("+", left, right);
  }

  static String escaped(Object value) {
    return value instanceof Markup markup ? markup.text() : PyText.escapeHtml(Repr.str(value));
  }

  private static List<Object> joined(List<Object> left, List<Object> right) {
    items((long) left.size() + right.size());
    List<Object> all = new ArrayList<>(left);
    all.addAll(right);
    return all;
  }

  private static void items(long count) {
    if (count > Limits.MOST_ITEMS) {
      throw JinjaException.limit("lists must not exceed %d items", Limits.MOST_ITEMS);
    }
  }

  private static Object repeat(Object sequence, long count) {
    long times = Math.max(0, count);
    if (sequence instanceof PyList list) {
      return new PyList(repeated(list.items(), times));
    }
    if (sequence instanceof PyTuple tuple) {
      return new PyTuple(repeated(tuple.items(), times));
    }
    String text = Py.text(sequence).orElseThrow();
    String repeated = text.isEmpty() ? "" : text.repeat(length(text.length(), times));
    return sequence instanceof Markup ? new Markup(repeated) : repeated;
  }

  /// The count, if that many times the length is a text of allowed length.
  static int length(long length, long times) {
    if (times > Limits.LONGEST_TEXT || length * times > Limits.LONGEST_TEXT) {
      throw JinjaException.limit("texts must not exceed %d characters", Limits.LONGEST_TEXT);
    }
    return (int) times;
  }

  private static List<Object> repeated(List<Object> items, long times) {
    items(times > Limits.MOST_ITEMS ? (items.isEmpty() ? 0 : times) : items.size() * times);
    List<Object> all = new ArrayList<>();
    for (long i = 0; i < times && !items.isEmpty(); i++) {
      all.addAll(items);
    }
    return all;
  }

  private static String checked(String left, String right) {
    length(1, (long) left.length() + right.length());
    return left.concat(right);
  }

  static String checked(String text) {
    length(1, text.length());
    return text;
  }

  static Object unary(String operator, Object value) {
    if (operator.equals("not")) {
      return !Py.truth(value);
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!PyNumber.isNumber(value)) {
      throw JinjaException.type(
          "bad operand type for unary %s: '%s'", operator, Py.typeName(value));
    }
    if (operator.equals("-")) {
      return PyNumber.negate(value);
    }
    return PyNumber.isInteger(value) ? PyNumber.normalized(PyNumber.big(value)) : value;
  }

  static boolean compare(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Py.equal(left, right);
      case "!=" -> !Py.equal(left, right);
      case "in" -> Py.contains(right, left);
      case "not in" -> !Py.contains(right, left);
      default -> Py.less(operator, left, right);
    };
  }
}
