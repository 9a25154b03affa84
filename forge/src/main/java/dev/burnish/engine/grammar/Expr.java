package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// An expression of a grammar over characters: what a rule of it, or a regular expression, matches.
sealed interface Expr {
  /// One character of a set, as UTF-8.
  record Chars(CodePoints set) implements Expr {}

  /// One after the other.
  record Seq(List<Expr> parts) implements Expr {
    public Seq {
      parts = List.copyOf(parts);
    }
  }

  /// Any one of them; nothing where there is none.
  record Alt(List<Expr> choices) implements Expr {
    public Alt {
      choices = List.copyOf(choices);
    }
  }

  /// @param max [#UNBOUNDED] for any number
  record Repeat(Expr body, int min, int max) implements Expr {}

  /// A rule of the grammar by its name.
  record Call(String rule) implements Expr {}

  /// Members of an object in their order, with commas between them, as many of the others as there
  /// are places for.
  ///
  /// @param others after them, any number; none if empty
  record Members(List<Member> members, List<Expr> others, Expr comma) implements Expr {
    public Members {
      members = List.copyOf(members);
      others = List.copyOf(others);
    }
  }

  /// A member of an object.
  record Member(Expr pair, Presence presence) {}

  /// Whether a member may be left out.
  enum Presence {
    REQUIRED,
    OPTIONAL
  }

  /// The rest of a JSON string, without its first quote and without escapes, that is none of some
  /// names.
  record OtherName(Set<String> names) implements Expr {
    public OtherName {
      names = Set.copyOf(names);
    }
  }

  int UNBOUNDED = Integer.MAX_VALUE;

  Expr EMPTY = new Seq(List.of());

  static Expr text(String text) {
    List<Expr> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(new Chars(CodePoints.of(c))));
    return new Seq(parts);
  }

  static Expr seq(Expr... parts) {
    return new Seq(List.of(parts));
  }

  static Expr alt(Expr... choices) {
    return new Alt(List.of(choices));
  }

  static Expr optional(Expr body) {
    return new Repeat(body, 0, 1);
  }

  static Expr any(Expr body) {
    return new Repeat(body, 0, UNBOUNDED);
  }
}
