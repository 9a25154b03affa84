package dev.burnish.jinja.syntax;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A statement of a template, with the line it begins at.
public sealed interface Stmt {
  int line();

  record Text(String text, int line) implements Stmt {}

  record Print(Expr value, int line) implements Stmt {}

  record If(List<Branch> branches, List<Stmt> otherwise, int line) implements Stmt {}

  record Branch(Expr test, List<Stmt> body) {}

  record For(
      Expr target,
      Expr iterable,
      Optional<Expr> filter,
      boolean recursive,
      List<Stmt> body,
      List<Stmt> otherwise,
      int line)
      implements Stmt {}

  record Assign(Expr target, Expr value, int line) implements Stmt {}

  record AssignBlock(Expr target, Optional<Expr> filter, List<Stmt> body, int line)
      implements Stmt {}

  record MacroDefinition(String name, Signature signature, List<Stmt> body, int line)
      implements Stmt {}

  record CallBlock(Expr.Call call, Signature signature, List<Stmt> body, int line)
      implements Stmt {}

  record FilterBlock(Expr filter, List<Stmt> body, int line) implements Stmt {}

  record With(List<Expr> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {}

  /// `{% generation %}`: what the assistant says.
  record Generation(List<Stmt> body, int line) implements Stmt {}

  record Break(int line) implements Stmt {}

  record Continue(int line) implements Stmt {}

  /// Parameters of a macro.
  ///
  /// @param defaults those of the last parameters
  /// @param extras which of `caller`, `kwargs` and `varargs` the body reads
  record Signature(List<String> parameters, List<Expr> defaults, Set<String> extras) {}
}
