package dev.burnish.jinja.syntax;

import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.syntax.ExpressionParser.Tupled;
import dev.burnish.jinja.syntax.Stmt.Signature;
import dev.burnish.jinja.syntax.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// Parses statements.
public final class Parser {
  private static final int DEEPEST = 150;

  private final TokenStream stream;
  private final ExpressionParser expressions;
  private final List<Token> tokens;
  private int loops;
  private int depth;

  private Parser(List<Token> tokens, Names known) {
    this.tokens = tokens;
    this.stream = new TokenStream(tokens);
    this.expressions = new ExpressionParser(stream, known);
  }

  /// Parses a template.
  ///
  /// @param known the names of all filters and tests
  /// @throws JinjaException if Jinja2 would not accept it
  public static List<Stmt> parse(String template, Names known) {
    Parser parser = new Parser(Lexer.tokens(template), known);
    List<Stmt> body = parser.until();
    parser.refuseUnknown(0);
    return body;
  }

  /// Statements up to a tag of one of these names, which becomes the current token.
  private List<Stmt> until(String... ends) {
    if (++depth > DEEPEST) {
      throw stream.fail("statements must not nest deeper than %d".formatted(DEEPEST));
    }
    List<Stmt> body = new ArrayList<>();
    while (true) {
      Token token = stream.current();
      switch (token.kind()) {
        case DATA -> body.add(new Stmt.Text(stream.next().text(), token.line()));
        case VARIABLE_BEGIN -> {
          stream.next();
          body.add(new Stmt.Print(expressions.tuple(Tupled.PLAIN), token.line()));
          stream.expect(Kind.VARIABLE_END, "end of print statement");
        }
        case BLOCK_BEGIN -> {
          stream.next();
          if (List.of(ends).contains(stream.current().text()) && stream.is(Kind.NAME)) {
            depth--;
            return body;
          }
          statement(body, ends);
          stream.expect(Kind.BLOCK_END, "end of statement block");
        }
        case END -> {
          depth--;
          if (ends.length > 0) {
            throw stream.fail(
                "Unexpected end of template. Jinja was looking for the following tags: '%s'."
                    .formatted(String.join("' or '", ends)));
          }
          return body;
        }
        case NAME, STRING, INTEGER, FLOAT, OPERATOR, VARIABLE_END, BLOCK_END ->
            throw stream.fail("unexpected '%s'".formatted(token.describe()));
      }
    }
  }

  private List<Stmt> body(String... ends) {
    stream.skipOperator(":");
    stream.expect(Kind.BLOCK_END, "end of statement block");
    return until(ends);
  }

  private List<Stmt> bodyOf(String end) {
    List<Stmt> body = body(end);
    stream.next();
    return body;
  }

  private void statement(List<Stmt> body, String[] ends) {
    if (!stream.is(Kind.NAME)) {
      throw stream.fail("tag name expected");
    }
    int line = stream.current().line();
    String tag = stream.next().text();
    switch (tag) {
      case "for" -> body.add(hard(() -> loop(line)));
      case "if" -> body.add(condition(line));
      case "set" -> body.add(assignment(line));
      case "macro" -> body.add(hard(() -> macro(line)));
      case "call" -> body.add(hard(() -> call(line)));
      case "filter" -> {
        Expr filter = expressions.filterCall(Optional.empty());
        filter = expressions.filter(Optional.of(filter)).orElseThrow();
        body.add(new Stmt.FilterBlock(filter, bodyOf("endfilter"), line));
      }
      case "with" -> body.add(hard(() -> with(line)));
      case "generation" ->
          body.add(hard(() -> new Stmt.Generation(function(() -> bodyOf("endgeneration")), line)));
      case "break", "continue" -> body.add(jump(tag, line));
      default -> throw unknownTag(tag, ends, line);
    }
  }

  private static JinjaException unknownTag(String tag, String[] ends, int line) {
    String looking =
        ends.length == 0
            ? ""
            : " Jinja was looking for the following tags: '%s'."
                .formatted(String.join("' or '", ends));
    return JinjaException.syntax("Encountered unknown tag '%s'.%s".formatted(tag, looking), line);
  }

  /// A statement with a scope of its own, in which an unknown filter is an error at once.
  private Stmt hard(Supplier<Stmt> rule) {
    int known = expressions.unknown().size();
    Stmt statement = rule.get();
    refuseUnknown(known);
    return statement;
  }

  private void refuseUnknown(int from) {
    if (expressions.unknown().size() > from) {
      throw JinjaException.of("TemplateAssertionError", expressions.unknown().get(from))
          .at(stream.current().line());
    }
  }

  /// A body that is a function of its own: a loop around it cannot be left from within.
  private <T> T function(Supplier<T> rule) {
    int outer = loops;
    loops = 0;
    T result = rule.get();
    loops = outer;
    return result;
  }

  private Stmt loop(int line) {
    Expr target = assignable(expressions.tuple(Tupled.LOOP_TARGET));
    stream.expectName("in");
    Expr iterable = expressions.tuple(Tupled.LOOP);
    Optional<Expr> filter =
        stream.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
    boolean recursive = stream.skipName("recursive");
    loops++;
    List<Stmt> body = body("endfor", "else");
    loops--;
    List<Stmt> otherwise = stream.next().text().equals("else") ? bodyOf("endfor") : List.<Stmt>of();
    return new Stmt.For(target, iterable, filter, recursive, body, otherwise, line);
  }

  private Stmt condition(int line) {
    int known = expressions.unknown().size();
    List<Stmt.Branch> branches = new ArrayList<>();
    List<Stmt> otherwise = List.of();
    String tag;
    do {
      Expr test = expressions.tuple(Tupled.CONDITION);
      branches.add(new Stmt.Branch(test, body("elif", "else", "endif")));
      tag = stream.next().text();
    } while (tag.equals("elif"));
    if (tag.equals("else")) {
      otherwise = bodyOf("endif");
    }
    expressions.unknown().subList(known, expressions.unknown().size()).clear();
    return new Stmt.If(branches, otherwise, line);
  }

  private Stmt assignment(int line) {
    Expr target = assignable(expressions.tuple(Tupled.SET_TARGET));
    if (stream.skipOperator("=")) {
      return new Stmt.Assign(target, expressions.tuple(Tupled.PLAIN), line);
    }
    Optional<Expr> filter = expressions.filter(Optional.empty());
    return new Stmt.AssignBlock(target, filter, bodyOf("endset"), line);
  }

  private Expr assignable(Expr target) {
    switch (target) {
      case Expr.Name _, Expr.NamespaceRef _ -> {}
      case Expr.TupleOf tuple -> tuple.items().forEach(this::assignable);
      case Expr.Const _ -> throw stream.fail("can't assign to 'const'");
      default ->
          throw stream.fail("can't assign to '%s'".formatted(target.getClass().getSimpleName()));
    }
    return target;
  }

  private String assignedName() {
    String name = stream.expectName();
    if (List.of("true", "false", "none", "True", "False", "None").contains(name)) {
      throw stream.fail("can't assign to 'name'");
    }
    return name;
  }

  private Stmt macro(int line) {
    String name = assignedName();
    Parameters parameters = parameters();
    int begin = stream.position();
    List<Stmt> body = function(() -> bodyOf("endmacro"));
    return new Stmt.MacroDefinition(name, signature(parameters, begin), body, line);
  }

  private Stmt call(int line) {
    Parameters parameters =
        stream.isOperator("(") ? parameters() : new Parameters(List.of(), List.of());
    if (!(expressions.expression() instanceof Expr.Call target)) {
      throw stream.fail("expected call");
    }
    int begin = stream.position();
    List<Stmt> body = function(() -> bodyOf("endcall"));
    return new Stmt.CallBlock(target, signature(parameters, begin), body, line);
  }

  private record Parameters(List<String> names, List<Expr> defaults) {}

  private Parameters parameters() {
    List<String> names = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    stream.expectOperator("(");
    while (!stream.isOperator(")")) {
      if (!names.isEmpty()) {
        stream.expectOperator(",");
      }
      names.add(assignedName());
      if (stream.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw stream.fail("non-default argument follows default argument");
      }
    }
    stream.expectOperator(")");
    int caller = names.indexOf("caller");
    if (caller >= 0 && caller < names.size() - defaults.size()) {
      throw stream.fail(
          "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.");
    }
    return new Parameters(names, defaults);
  }

  /// A macro takes additional arguments where its body names them.
  private Signature signature(Parameters parameters, int begin) {
    Set<String> extras = new LinkedHashSet<>();
    for (Token token : tokens.subList(begin, stream.position())) {
      if (token.kind() == Kind.NAME
          && Set.of("caller", "kwargs", "varargs").contains(token.text())) {
        extras.add(token.text());
      }
    }
    return new Signature(parameters.names(), parameters.defaults(), extras);
  }

  private Stmt with(int line) {
    List<Expr> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!stream.is(Kind.BLOCK_END) && !stream.is(Kind.END)) {
      if (!targets.isEmpty()) {
        stream.expectOperator(",");
      }
      targets.add(assignable(expressions.tuple(Tupled.LOOP_TARGET)));
      stream.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Stmt.With(targets, values, bodyOf("endwith"), line);
  }

  private Stmt jump(String tag, int line) {
    if (loops == 0) {
      throw JinjaException.syntax("'%s' outside loop".formatted(tag), line);
    }
    return tag.equals("break") ? new Stmt.Break(line) : new Stmt.Continue(line);
  }
}
