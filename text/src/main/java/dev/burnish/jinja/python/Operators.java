package dev.burnish.jinja.python;

import java.util.ArrayList;
import java.util.List;

/// Python's operators.
public final class Operators {
  private Operators() {}

  public static Object binary(String operator, Object left, Object right) {
    if (PyNumber.isNumber(left) && PyNumber.isNumber(right)) {
      return PyNumber.arithmetic(operator, left, right);
    }
    if (operator.equals("%") && Py.isText(left)) {
      return PercentFormat.format(left, right);
    }
    Py.refuseUndefined(left, right);
    if (operator.equals("+")) {
      return add(left, right);
    }
    if (operator.equals("*") && (isSequence(left) || isSequence(right))) {
      return isSequence(left) ? repeat(left, right) : repeat(right, left);
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
    return Py.isText(value) || Py.items(value).isPresent();
  }

  private static Object add(Object left, Object right) {
    if (left instanceof String a && right instanceof String b) {
      PyText.requireLength((long) a.length() + b.length());
      return a.concat(b);
    }
    if (Py.isText(left) && Py.isText(right)) {
      return new Markup(PyText.checked(PyText.escaped(left) + PyText.escaped(right)));
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return new PyList(joined(a.items(), b.items()));
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return new PyTuple(joined(a.items(), b.items()));
    }
    if (isSequence(left)) {
      throw JinjaException.type(
          "can only concatenate %s (not \"%s\") to %s",
          Py.typeName(left), Py.typeName(right), Py.typeName(left));
    }
    throw unsupported("+", left, right);
  }

  private static List<Object> joined(List<Object> left, List<Object> right) {
    Py.requireItems((long) left.size() + right.size());
    List<Object> all = new ArrayList<>(left);
    all.addAll(right);
    return all;
  }

  private static Object repeat(Object sequence, Object count) {
    if (!PyNumber.isInteger(count)) {
      throw JinjaException.type(
          "can't multiply sequence by non-int of type '%s'", Py.typeName(count));
    }
    long times = Math.max(0, PyNumber.clamped(count));
    return switch (sequence) {
      case PyList list -> new PyList(repeated(list.items(), times));
      case PyTuple tuple -> new PyTuple(repeated(tuple.items(), times));
      case Markup markup -> new Markup(PyText.repeated(markup.text(), times));
      default -> PyText.repeated((String) sequence, times);
    };
  }

  private static List<Object> repeated(List<Object> items, long times) {
    if (items.isEmpty()) {
      return items;
    }
    Py.requireItems(times > Py.MOST_ITEMS ? times : items.size() * times);
    List<Object> all = new ArrayList<>();
    for (long i = 0; i < times; i++) {
      all.addAll(items);
    }
    return all;
  }

  public static Object unary(String operator, Object value) {
    if (operator.equals("not")) {
      return !Py.truth(value);
    }
    if (!PyNumber.isNumber(value)) {
      throw Undefined.orType(
          value, "bad operand type for unary %s: '%s'", operator, Py.typeName(value));
    }
    if (operator.equals("-")) {
      return PyNumber.negate(value);
    }
    return PyNumber.isInteger(value) ? PyNumber.normalized(PyNumber.big(value)) : value;
  }

  public static boolean compare(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Py.equal(left, right);
      case "!=" -> !Py.equal(left, right);
      case "in" -> Py.contains(right, left);
      case "not in" -> !Py.contains(right, left);
      default -> Py.less(operator, left, right);
    };
  }
}
