package dev.burnish.jinja.syntax;

import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.None;
import dev.burnish.jinja.python.PyNumber;
import dev.burnish.jinja.syntax.Expr.CallArgs;
import dev.burnish.jinja.syntax.Expr.Keyword;
import dev.burnish.jinja.syntax.Expr.Operand;
import dev.burnish.jinja.syntax.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Parses expressions, rule by rule as Jinja2's parser does.
final class ExpressionParser {
  private static final int DEEPEST = 200;
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream stream;
  private final Names known;
  private final List<String> unknown = new ArrayList<>();
  private int depth;

  ExpressionParser(TokenStream stream, Names known) {
    this.stream = stream;
    this.known = known;
  }

  /// Filters and tests that do not exist and that were met so far: an error, but in the branches of
  /// a condition only once they are used.
  List<String> unknown() {
    return unknown;
  }

  Expr expression() {
    return nested(this::conditional);
  }

  private Expr nested(java.util.function.Supplier<Expr> rule) {
    if (++depth > DEEPEST) {
      throw stream.fail("expressions must not nest deeper than %d".formatted(DEEPEST));
    }
    Expr result = rule.get();
    depth--;
    return result;
  }

  private Expr conditional() {
    int line = stream.current().line();
    int before = unknown.size();
    Expr expr = or();
    while (stream.skipName("if")) {
      Expr test = or();
      Optional<Expr> otherwise =
          stream.skipName("else") ? Optional.of(nested(this::conditional)) : Optional.empty();
      expr = new Expr.Conditional(test, expr, otherwise, line);
      unknown.subList(before, unknown.size()).clear();
    }
    return expr;
  }

  Expr or() {
    Expr left = and();
    while (stream.skipName("or")) {
      left = new Expr.Or(left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (stream.skipName("and")) {
      left = new Expr.And(left, not());
    }
    return left;
  }

  private Expr not() {
    if (stream.skipName("not")) {
      return new Expr.Unary("not", nested(this::not));
    }
    return compare();
  }

  private Expr compare() {
    Expr first = sum();
    List<Operand> rest = new ArrayList<>();
    while (true) {
      Token token = stream.current();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        stream.next();
        rest.add(new Operand(token.text(), sum()));
      } else if (stream.skipName("in")) {
        rest.add(new Operand("in", sum()));
      } else if (token.isName("not") && stream.look().isName("in")) {
        stream.next();
        stream.next();
        rest.add(new Operand("not in", sum()));
      } else {
        return rest.isEmpty() ? first : new Expr.Compare(first, rest);
      }
    }
  }

  private Expr sum() {
    Expr left = concat();
    while (stream.isOperator("+") || stream.isOperator("-")) {
      left = new Expr.Binary(stream.next().text(), left, concat());
    }
    return left;
  }

  private Expr concat() {
    Expr first = product();
    if (!stream.isOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (stream.skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concat(parts);
  }

  private Expr product() {
    Expr left = power();
    while (stream.isOperator("*")
        || stream.isOperator("/")
        || stream.isOperator("//")
        || stream.isOperator("%")) {
      left = new Expr.Binary(stream.next().text(), left, power());
    }
    return left;
  }

  private Expr power() {
    Expr left = unary(true);
    while (stream.skipOperator("**")) {
      left = new Expr.Binary("**", left, unary(true));
    }
    return left;
  }

  private Expr unary(boolean withFilter) {
    Expr node;
    if (stream.isOperator("-") || stream.isOperator("+")) {
      String operator = stream.next().text();
      node = new Expr.Unary(operator, nested(() -> unary(false)));
    } else {
      node = primary(false);
    }
    node = postfix(node);
    return withFilter ? filters(node) : node;
  }

  Expr primary(boolean withNamespace) {
    Token token = stream.current();
    return switch (token.kind()) {
      case NAME -> name(withNamespace);
      case STRING -> strings();
      case INTEGER -> new Expr.Const(integer(stream.next().text()));
      case FLOAT -> new Expr.Const(Double.valueOf(stream.next().text().replace("_", "")));
      default -> bracketed(token);
    };
  }

  /// Strings that follow each other are one.
  private Expr strings() {
    StringBuilder text = new StringBuilder();
    while (stream.is(Kind.STRING)) {
      text.append(stream.next().text());
    }
    return new Expr.Const(text.toString());
  }

  private Expr bracketed(Token token) {
    if (token.isOperator("(")) {
      stream.next();
      Expr tuple = nested(() -> tuple(Tupled.PARENTHESES));
      stream.expectOperator(")");
      return tuple;
    }
    if (token.isOperator("[")) {
      return list();
    }
    if (token.isOperator("{")) {
      return dict();
    }
    throw stream.fail("unexpected '%s'".formatted(token.describe()));
  }

  private Expr name(boolean withNamespace) {
    String name = stream.next().text();
    return switch (name) {
      case "true", "True" -> new Expr.Const(true);
      case "false", "False" -> new Expr.Const(false);
      case "none", "None" -> new Expr.Const(None.NONE);
      default ->
          withNamespace && stream.skipOperator(".")
              ? new Expr.NamespaceRef(name, stream.expectName())
              : new Expr.Name(name);
    };
  }

  private static Object integer(String literal) {
    String digits = literal.replace("_", "");
    int radix =
        digits.length() < 2
            ? 10
            : switch (digits.charAt(1)) {
              case 'x', 'X' -> 16;
              case 'o', 'O' -> 8;
              case 'b', 'B' -> 2;
              default -> 10;
            };
    return PyNumber.normalized(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
  }

  /// Where a tuple without parentheses may stand, and what ends it.
  enum Tupled {
    /// An expression, or several with commas between.
    PLAIN,
    /// Within parentheses, where nothing is the empty tuple.
    PARENTHESES,
    /// After `in` of a loop: no `a if b`, as `if` begins the loop's filter.
    LOOP,
    /// After `if`: no `a if b` either.
    CONDITION,
    /// In front of `in`: names only.
    LOOP_TARGET,
    /// After `set`: names only, and `ns.attr`.
    SET_TARGET
  }

  Expr tuple(Tupled where) {
    List<Expr> items = new ArrayList<>();
    boolean comma = false;
    while (true) {
      if (!items.isEmpty()) {
        stream.expectOperator(",");
      }
      if (endsTuple(where)) {
        break;
      }
      items.add(
          switch (where) {
            case PLAIN, PARENTHESES -> expression();
            case LOOP, CONDITION -> nested(this::or);
            case LOOP_TARGET -> primary(false);
            case SET_TARGET -> primary(true);
          });
      if (!stream.isOperator(",")) {
        break;
      }
      comma = true;
    }
    if (!comma) {
      if (!items.isEmpty()) {
        return items.getFirst();
      }
      if (where != Tupled.PARENTHESES) {
        throw stream.fail(
            "Expected an expression, got '%s'".formatted(stream.current().describe()));
      }
    }
    return new Expr.TupleOf(items);
  }

  private boolean endsTuple(Tupled where) {
    return stream.is(Kind.VARIABLE_END)
        || stream.is(Kind.BLOCK_END)
        || stream.isOperator(")")
        || (where == Tupled.LOOP && stream.current().isName("recursive"))
        || (where == Tupled.LOOP_TARGET && stream.current().isName("in"));
  }

  private Expr list() {
    stream.expectOperator("[");
    List<Expr> items = new ArrayList<>();
    while (!stream.isOperator("]")) {
      if (!items.isEmpty()) {
        stream.expectOperator(",");
      }
      if (stream.isOperator("]")) {
        break;
      }
      items.add(expression());
    }
    stream.expectOperator("]");
    return new Expr.ListOf(items);
  }

  private Expr dict() {
    stream.expectOperator("{");
    List<Expr.Pair> pairs = new ArrayList<>();
    while (!stream.isOperator("}")) {
      if (!pairs.isEmpty()) {
        stream.expectOperator(",");
      }
      if (stream.isOperator("}")) {
        break;
      }
      Expr key = expression();
      stream.expectOperator(":");
      pairs.add(new Expr.Pair(key, expression()));
    }
    stream.expectOperator("}");
    return new Expr.DictOf(pairs);
  }

  private Expr postfix(Expr start) {
    Expr node = start;
    while (true) {
      if (stream.skipOperator(".")) {
        node = attribute(node);
      } else if (stream.skipOperator("[")) {
        node = subscript(node);
      } else if (stream.isOperator("(")) {
        node = new Expr.Call(node, callArgs());
      } else {
        return node;
      }
    }
  }

  private Expr attribute(Expr object) {
    Token token = stream.next();
    return switch (token.kind()) {
      case NAME -> new Expr.GetAttr(object, token.text());
      case INTEGER -> new Expr.GetItem(object, new Expr.Const(integer(token.text())));
      default -> throw JinjaException.syntax("expected name or number", token.line());
    };
  }

  private Expr subscript(Expr object) {
    List<Expr> indices = new ArrayList<>();
    while (!stream.isOperator("]")) {
      if (!indices.isEmpty()) {
        stream.expectOperator(",");
      }
      indices.add(nested(this::subscribed));
    }
    stream.expectOperator("]");
    return new Expr.GetItem(
        object, indices.size() == 1 ? indices.getFirst() : new Expr.TupleOf(indices));
  }

  private Expr subscribed() {
    Optional<Expr> start = Optional.empty();
    if (!stream.isOperator(":")) {
      Expr index = expression();
      if (!stream.isOperator(":")) {
        return index;
      }
      start = Optional.of(index);
    }
    stream.expectOperator(":");
    Optional<Expr> stop = sliceBound();
    Optional<Expr> step = stream.skipOperator(":") ? sliceBound() : Optional.empty();
    return new Expr.Slice(start, stop, step);
  }

  private Optional<Expr> sliceBound() {
    boolean absent = stream.isOperator(":") || stream.isOperator("]") || stream.isOperator(",");
    return absent ? Optional.empty() : Optional.of(expression());
  }

  private Expr filters(Expr start) {
    Expr node = start;
    while (true) {
      if (stream.isOperator("|")) {
        node = filter(Optional.of(node)).orElseThrow();
      } else if (stream.current().isName("is")) {
        node = test(node);
      } else if (stream.isOperator("(")) {
        node = new Expr.Call(node, callArgs());
      } else {
        return node;
      }
    }
  }

  /// `| name(args) | ...`, or nothing.
  Optional<Expr> filter(Optional<Expr> input) {
    Optional<Expr> node = input;
    while (stream.skipOperator("|")) {
      node = Optional.of(filterCall(node));
    }
    return node;
  }

  Expr filterCall(Optional<Expr> input) {
    String name = dotted();
    if (!known.isFilter(name)) {
      unknown.add("No filter named '%s'.".formatted(name));
    }
    return new Expr.FilterCall(input, name, stream.isOperator("(") ? callArgs() : CallArgs.NONE);
  }

  private String dotted() {
    StringBuilder name = new StringBuilder(stream.expectName());
    while (stream.skipOperator(".")) {
      name.append('.').append(stream.expectName());
    }
    return name.toString();
  }

  private Expr test(Expr input) {
    stream.next();
    boolean negated = stream.skipName("not");
    String name = dotted();
    if (!known.isTest(name)) {
      unknown.add("No test named '%s'.".formatted(name));
    }
    CallArgs args = CallArgs.NONE;
    if (stream.isOperator("(")) {
      args = callArgs();
    } else if (beginsTestArgument()) {
      if (stream.current().isName("is")) {
        throw stream.fail("You cannot chain multiple tests with is");
      }
      Expr argument = postfix(primary(false));
      args = new CallArgs(List.of(argument), List.of(), Optional.empty(), Optional.empty());
    }
    Expr node = new Expr.TestCall(input, name, args);
    return negated ? new Expr.Unary("not", node) : node;
  }

  private boolean beginsTestArgument() {
    Token token = stream.current();
    return switch (token.kind()) {
      case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and");
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, END -> false;
    };
  }

  CallArgs callArgs() {
    int line = stream.current().line();
    stream.expectOperator("(");
    List<Expr> positional = new ArrayList<>();
    List<Keyword> named = new ArrayList<>();
    Optional<Expr> moreArgs = Optional.empty();
    Optional<Expr> moreNamed = Optional.empty();
    boolean comma = false;
    while (!stream.isOperator(")")) {
      if (comma) {
        stream.expectOperator(",");
        if (stream.isOperator(")")) {
          break;
        }
      }
      if (stream.skipOperator("*")) {
        ensure(moreArgs.isEmpty() && moreNamed.isEmpty(), line);
        moreArgs = Optional.of(expression());
      } else if (stream.skipOperator("**")) {
        ensure(moreNamed.isEmpty(), line);
        moreNamed = Optional.of(expression());
      } else if (stream.is(Kind.NAME) && stream.look().isOperator("=")) {
        ensure(moreNamed.isEmpty(), line);
        String key = stream.next().text();
        stream.next();
        named.add(new Keyword(key, expression()));
      } else {
        ensure(moreArgs.isEmpty() && moreNamed.isEmpty() && named.isEmpty(), line);
        positional.add(expression());
      }
      comma = true;
    }
    stream.expectOperator(")");
    return new CallArgs(positional, named, moreArgs, moreNamed);
  }

  private static void ensure(boolean valid, int line) {
    if (!valid) {
      throw JinjaException.syntax("invalid syntax for function call expression", line);
    }
  }
}
