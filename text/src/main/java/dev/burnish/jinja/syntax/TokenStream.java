package dev.burnish.jinja.syntax;

import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.syntax.Token.Kind;
import java.util.List;

/// The tokens of a template with a current position.
final class TokenStream {
  private final List<Token> tokens;
  private int position;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  int position() {
    return position;
  }

  Token current() {
    return tokens.get(position);
  }

  Token look() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    if (position < tokens.size() - 1) {
      position++;
    }
    return token;
  }

  boolean skipName(String name) {
    boolean there = current().isName(name);
    if (there) {
      next();
    }
    return there;
  }

  boolean skipOperator(String operator) {
    boolean there = current().isOperator(operator);
    if (there) {
      next();
    }
    return there;
  }

  boolean is(Kind kind) {
    return current().kind() == kind;
  }

  boolean isOperator(String operator) {
    return current().isOperator(operator);
  }

  String expectName() {
    if (!is(Kind.NAME)) {
      throw unexpected("name");
    }
    return next().text();
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected(name);
    }
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected(operator);
    }
  }

  void expect(Kind kind, String what) {
    if (!is(kind)) {
      throw unexpected(what);
    }
    next();
  }

  private JinjaException unexpected(String expected) {
    if (is(Kind.END)) {
      return fail("unexpected end of template, expected '%s'.".formatted(expected));
    }
    return fail("expected token '%s', got '%s'".formatted(expected, current().describe()));
  }

  JinjaException fail(String reason) {
    return JinjaException.syntax(reason, current().line());
  }
}
