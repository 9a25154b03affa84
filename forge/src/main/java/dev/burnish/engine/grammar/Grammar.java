package dev.burnish.engine.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A compiled structure over the tokens of one tokenizer.
///
/// Idea: the automaton runs on all its ways at once. A state is a set of places, each a node and
/// the calls that are open there; equal sets are one object, so that the successor of a state by a
/// byte and the tokens that it allows are computed once. Open calls are a linked list, and equal
/// lists are one object too. A structure that calls itself has states without end: beyond a number
/// of them all are forgotten, and those in use live as long as their sequences. Thread-safe.
///
/// Source: the persistent stacks and the cache of masks of XGrammar (Dong et al. 2024).
final class Grammar {
  /// The calls that are open: where the innermost returns to, and those around it.
  ///
  /// @param id of no other list
  private record Calls(int returnNode, List<Calls> outer, int id) {}

  private record CallsKey(int returnNode, int outer) {}

  /// A node, and the calls that are open there.
  record Place(int node, Calls calls) {
    private long key() {
      return (long) node << 32 | calls.id;
    }
  }

  private record StateKey(List<Long> places, boolean complete) {}

  private static final int MOST_STATES = 4096;
  private static final int MOST_PLACES = 20_000;
  private static final Calls NO_CALLS = new Calls(-1, List.of(), 0);

  private final Automaton automaton;
  private final TokenTrie trie;
  private final GrammarState dead = new GrammarState(this, List.of(), false);
  private final Map<StateKey, GrammarState> states = new HashMap<>();
  private final Map<CallsKey, Calls> calls = new HashMap<>();
  private int numCalls;
  private GrammarState start;

  Grammar(Automaton automaton, TokenTrie trie) {
    this.automaton = automaton;
    this.trie = trie;
    this.start = dead;
    this.start = first();
    if (start == dead) {
      throw new IllegalArgumentException(
          "a structure must allow a text: texts=0; give it an alternative that can be written");
    }
  }

  /// The state before the first token.
  synchronized GrammarState start() {
    return start;
  }

  private GrammarState first() {
    return state(List.of(new Place(automaton.root().start(), NO_CALLS)));
  }

  synchronized long[] allowed(GrammarState state) {
    return trie.readable(state, dead, this::step);
  }

  synchronized GrammarState after(GrammarState state, int token) {
    byte[] bytes = trie.bytes(token);
    GrammarState at = bytes.length == 0 ? dead : state;
    for (byte b : bytes) {
      at = step(at, b);
    }
    if (at == dead) {
      throw new IllegalArgumentException(
          "a token must be one that the structure allows: token=%d; draw from the allowed ones"
              .formatted(token));
    }
    if (states.size() > MOST_STATES) {
      states.clear();
      calls.clear();
      start = first();
    }
    return at;
  }

  private GrammarState step(GrammarState state, byte label) {
    int b = label & 0xFF;
    GrammarState known = state.next[b];
    if (known == null) {
      List<Place> reached = new ArrayList<>();
      for (Place place : state.places) {
        for (Automaton.ByteStep step : automaton.node(place.node).bytes()) {
          if (step.from() <= b && b <= step.to()) {
            reached.add(new Place(step.target(), place.calls));
          }
        }
      }
      known = reached.isEmpty() ? dead : state(reached);
      state.next[b] = known;
    }
    return known;
  }

  /// The state of everything that is reached from some places without reading.
  private GrammarState state(List<Place> from) {
    Set<Long> seen = new HashSet<>();
    Deque<Place> open = new ArrayDeque<>(from);
    List<Place> reading = new ArrayList<>();
    boolean complete = false;
    while (!open.isEmpty()) {
      Place place = open.pop();
      if (!seen.add(place.key())) {
        continue;
      }
      if (seen.size() > MOST_PLACES) {
        throw new IllegalArgumentException(
            "a structure must not be read in too many ways at once: ways=%d; make its alternatives differ earlier"
                .formatted(seen.size()));
      }
      Automaton.Node node = automaton.node(place.node);
      if (!node.bytes().isEmpty()) {
        reading.add(place);
      }
      for (int target : node.free()) {
        open.push(new Place(target, place.calls));
      }
      for (Automaton.CallStep call : node.calls()) {
        open.push(new Place(call.rule().start(), within(call.target(), place.calls)));
      }
      if (automaton.isEnd(place.node)) {
        complete |= place.calls == NO_CALLS;
        for (Calls outer : place.calls.outer) {
          open.push(new Place(place.calls.returnNode, outer));
        }
      }
    }
    return unique(reading, complete);
  }

  private GrammarState unique(List<Place> reading, boolean complete) {
    if (reading.isEmpty() && !complete) {
      return dead;
    }
    reading.sort(Comparator.comparingLong(Place::key));
    StateKey key = new StateKey(reading.stream().map(Place::key).toList(), complete);
    return states.computeIfAbsent(key, _ -> new GrammarState(this, reading, complete));
  }

  private Calls within(int returnNode, Calls outer) {
    return calls.computeIfAbsent(
        new CallsKey(returnNode, outer.id), _ -> new Calls(returnNode, List.of(outer), ++numCalls));
  }
}
