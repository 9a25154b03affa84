package dev.burnish.engine.grammar;

import dev.burnish.engine.grammar.CodePoints.Range;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A pushdown automaton over bytes: nodes with steps that read a byte, steps that read nothing, and
/// calls of rules, which return.
///
/// Built from expressions by Thompson's construction. A rule is built once, however often it is
/// called. Immutable once built.
final class Automaton {
  /// Reads a byte from `from` to `to`.
  record ByteStep(int from, int to, int target) {}

  /// Runs a rule from its first node, then continues at `target`.
  record CallStep(Rule rule, int target) {}

  /// The nodes of a rule.
  record Rule(int start, int end) {}

  /// The steps of a node.
  ///
  /// @param free nodes that are reached without reading
  record Node(List<ByteStep> bytes, List<Integer> free, List<CallStep> calls) {
    Node() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  private static final int MOST_NODES = 200_000;

  private final Map<String, Expr> definitions;
  private final Map<String, Rule> rules = new HashMap<>();
  private final Deque<String> unbuilt = new ArrayDeque<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Set<Integer> ends = new HashSet<>();
  private final Rule root;

  /// @param definitions of the rules that are called
  /// @throws IllegalArgumentException if the automaton becomes too large, or a rule calls itself
  ///   before it reads anything
  Automaton(Expr root, Map<String, Expr> definitions) {
    this.definitions = definitions;
    this.root = newRule();
    build(root, this.root.start, this.root.end);
    while (!unbuilt.isEmpty()) {
      String name = unbuilt.pop();
      Rule rule = rules.get(name);
      build(definitions.get(name), rule.start, rule.end);
    }
    requireNoLeftRecursion();
  }

  Rule root() {
    return root;
  }

  Node node(int index) {
    return nodes.get(index);
  }

  /// Whether a rule ends there.
  boolean isEnd(int node) {
    return ends.contains(node);
  }

  private Rule newRule() {
    Rule rule = new Rule(newNode(), newNode());
    ends.add(rule.end);
    return rule;
  }

  private int newNode() {
    if (nodes.size() >= MOST_NODES) {
      throw new IllegalArgumentException(
          "a structure must have at most %d states; use fewer or smaller bounds of lengths"
              .formatted(MOST_NODES));
    }
    nodes.add(new Node());
    return nodes.size() - 1;
  }

  private void free(int from, int to) {
    nodes.get(from).free.add(to);
  }

  private void build(Expr expr, int from, int to) {
    switch (expr) {
      case Expr.Chars(CodePoints set) -> chars(set, from, to);
      case Expr.Seq(List<Expr> parts) -> {
        int at = from;
        for (Expr part : parts) {
          int next = newNode();
          build(part, at, next);
          at = next;
        }
        free(at, to);
      }
      case Expr.Alt(List<Expr> choices) -> choices.forEach(choice -> build(choice, from, to));
      case Expr.Repeat repeat -> repeat(repeat, from, to);
      case Expr.Call(String name) ->
          nodes
              .get(from)
              .calls
              .add(
                  new CallStep(
                      rules.computeIfAbsent(
                          name,
                          _ -> {
                            unbuilt.push(name);
                            return newRule();
                          }),
                      to));
      case Expr.Members members -> members(members, from, to);
      case Expr.OtherName(Set<String> names) -> otherName(names, from, to);
    }
  }

  /// Sequences with equal ends share their nodes.
  private void chars(CodePoints set, int from, int to) {
    Map<List<Range>, Integer> before = new HashMap<>();
    for (List<Range> sequence : set.utf8()) {
      int target = to;
      for (int i = sequence.size() - 1; i > 0; i--) {
        int after = target;
        Range range = sequence.get(i);
        target =
            before.computeIfAbsent(
                sequence.subList(i, sequence.size()),
                _ -> {
                  int node = newNode();
                  nodes.get(node).bytes.add(new ByteStep(range.from(), range.to(), after));
                  return node;
                });
      }
      Range first = sequence.getFirst();
      nodes.get(from).bytes.add(new ByteStep(first.from(), first.to(), target));
    }
  }

  private void repeat(Expr.Repeat repeat, int from, int to) {
    boolean often = repeat.max() > 2 && !(repeat.min() <= 1 && repeat.max() == Expr.UNBOUNDED);
    Expr body = often ? named(repeat.body()) : repeat.body();
    int at = newNode();
    free(from, at);
    for (int i = 0; i < repeat.min(); i++) {
      at = after(body, at);
    }
    if (repeat.max() == Expr.UNBOUNDED) {
      build(body, at, at);
    } else {
      for (int i = repeat.min(); i < repeat.max(); i++) {
        free(at, to);
        at = after(body, at);
      }
    }
    free(at, to);
  }

  private int after(Expr body, int at) {
    int next = newNode();
    build(body, at, next);
    return next;
  }

  /// The same as a rule of its own, so that it is built once.
  private Expr named(Expr body) {
    if (body instanceof Expr.Call) {
      return body;
    }
    String name = "repeated " + nodes.size();
    Rule rule = newRule();
    rules.put(name, rule);
    build(body, rule.start, rule.end);
    return new Expr.Call(name);
  }

  /// Two nodes per member: before it, where no member was written yet, and where one was.
  private void members(Expr.Members members, int from, int to) {
    int none = newNode();
    int some = newNode();
    free(from, none);
    for (Expr.Member member : members.members()) {
      int nextNone = newNode();
      int nextSome = newNode();
      build(member.pair(), none, nextSome);
      build(Expr.seq(members.comma(), member.pair()), some, nextSome);
      if (member.presence() == Expr.Presence.OPTIONAL) {
        free(none, nextNone);
        free(some, nextSome);
      }
      none = nextNone;
      some = nextSome;
    }
    for (Expr other : members.others()) {
      build(other, none, some);
      build(Expr.seq(members.comma(), other), some, some);
    }
    free(none, to);
    free(some, to);
  }

  /// A trie of the names: their characters lead along it, all others away.
  private void otherName(Set<String> names, int from, int to) {
    CodePoints plain = JsonText.PLAIN;
    int away = newNode();
    chars(plain, away, away);
    chars(CodePoints.of('"'), away, to);
    Map<String, Integer> prefixes = new HashMap<>();
    prefixes.put("", from);
    Map<String, CodePoints> children = new HashMap<>();
    for (String name : names) {
      int[] characters = name.codePoints().toArray();
      for (int i = 0; i < characters.length; i++) {
        String prefix = new String(characters, 0, i);
        CodePoints next = CodePoints.of(characters[i]);
        children.merge(prefix, next, CodePoints::plus);
        prefixes.computeIfAbsent(new String(characters, 0, i + 1), _ -> newNode());
      }
    }
    prefixes.forEach((prefix, node) -> {
      CodePoints leading = children.getOrDefault(prefix, CodePoints.NONE);
      chars(plain.minus(leading), node, away);
      for (Range range : leading.ranges()) {
        for (int c = range.from(); c <= range.to(); c++) {
          CodePoints one = CodePoints.of(c);
          if (plain.minus(one).equals(plain)) {
            continue; // such a name is written with an escape, and so is never this one
          }
          chars(one, node, prefixes.get(prefix + Character.toString(c)));
        }
      }
      if (!names.contains(prefix)) {
        chars(CodePoints.of('"'), node, to);
      }
    });
  }

  private void requireNoLeftRecursion() {
    Set<Rule> all = new HashSet<>(rules.values());
    all.add(root);
    Set<Rule> nullable = nullable(all);
    Map<Rule, Set<Rule>> calls = new HashMap<>();
    for (Rule rule : all) {
      Set<Rule> called = new HashSet<>();
      reach(rule, nullable)
          .forEach(node -> nodes.get(node).calls.forEach(call -> called.add(call.rule)));
      calls.put(rule, called);
    }
    while (calls
        .keySet()
        .removeIf(rule -> calls.get(rule).stream().noneMatch(calls::containsKey))) {}
    if (!calls.isEmpty()) {
      String name =
          rules.entrySet().stream()
              .filter(entry -> calls.containsKey(entry.getValue()))
              .map(Map.Entry::getKey)
              .sorted()
              .findFirst()
              .orElse("#");
      throw new IllegalArgumentException(
          "a structure must not consist of itself: $ref=%s; let the reference lie within an object or an array"
              .formatted(name));
    }
  }

  /// The rules that may end without reading anything.
  private Set<Rule> nullable(Set<Rule> all) {
    Set<Rule> nullable = new HashSet<>();
    int before = -1;
    while (nullable.size() > before) {
      before = nullable.size();
      for (Rule rule : all) {
        if (!nullable.contains(rule) && reach(rule, nullable).contains(rule.end)) {
          nullable.add(rule);
        }
      }
    }
    return nullable;
  }

  /// The nodes that a rule reaches before it reads anything.
  private Set<Integer> reach(Rule rule, Set<Rule> nullable) {
    Set<Integer> reached = new HashSet<>();
    Deque<Integer> open = new ArrayDeque<>(List.of(rule.start));
    while (!open.isEmpty()) {
      int node = open.pop();
      if (reached.add(node)) {
        open.addAll(nodes.get(node).free);
        for (CallStep call : nodes.get(node).calls) {
          if (nullable.contains(call.rule)) {
            open.push(call.target);
          }
        }
      }
    }
    return reached;
  }
}
