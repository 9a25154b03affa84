package dev.burnish.jinja.syntax;

import java.util.List;
import java.util.Optional;

/// An expression of a template.
public sealed interface Expr {
  record Const(Object value) implements Expr {}

  record Name(String name) implements Expr {}

  /// `ns.attr` as the target of an assignment.
  record NamespaceRef(String name, String attribute) implements Expr {}

  record ListOf(List<Expr> items) implements Expr {}

  record TupleOf(List<Expr> items) implements Expr {}

  record DictOf(List<Pair> pairs) implements Expr {}

  record Pair(Expr key, Expr value) {}

  record GetAttr(Expr object, String name) implements Expr {}

  record GetItem(Expr object, Expr index) implements Expr {}

  record Slice(Optional<Expr> start, Optional<Expr> stop, Optional<Expr> step) implements Expr {}

  record Call(Expr target, CallArgs args) implements Expr {}

  /// @param input what is filtered; empty where a block's text is
  record FilterCall(Optional<Expr> input, String name, CallArgs args) implements Expr {}

  record TestCall(Expr input, String name, CallArgs args) implements Expr {}

  record Unary(String operator, Expr operand) implements Expr {}

  record Binary(String operator, Expr left, Expr right) implements Expr {}

  record And(Expr left, Expr right) implements Expr {}

  record Or(Expr left, Expr right) implements Expr {}

  record Concat(List<Expr> parts) implements Expr {}

  record Compare(Expr first, List<Operand> rest) implements Expr {}

  record Operand(String operator, Expr right) {}

  record Conditional(Expr test, Expr then, Optional<Expr> otherwise, int line) implements Expr {}

  /// The arguments between the parentheses of a call.
  record CallArgs(
      List<Expr> positional,
      List<Keyword> named,
      Optional<Expr> moreArgs,
      Optional<Expr> moreNamed) {
    static final CallArgs NONE =
        new CallArgs(List.of(), List.of(), Optional.empty(), Optional.empty());
  }

  record Keyword(String name, Expr value) {}
}
