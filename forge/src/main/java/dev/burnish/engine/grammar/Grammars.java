package dev.burnish.engine.grammar;

import dev.burnish.rollout.Structure;
import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The structures of a generator, each compiled once: the last ones that were asked for are kept.
/// Thread-safe.
public final class Grammars {
  private static final int KEPT = 32;

  private final Optional<Tokenizer> tokenizer;
  private final Map<Structure, Grammar> compiled = new LinkedHashMap<>(16, 0.75f, true);
  private Optional<TokenTrie> trie = Optional.empty();

  /// @param tokenizer of the model
  public Grammars(Optional<Tokenizer> tokenizer) {
    this.tokenizer = tokenizer;
  }

  /// The state before the first token of a completion, where it has a structure.
  ///
  /// @throws IllegalArgumentException if the structure is malformed or not supported, or the model
  ///   has no tokenizer
  /// @throws dev.burnish.text.TokenizerException if tokens have no bytes of their own there
  public synchronized Optional<GrammarState> start(Structure structure) {
    if (structure instanceof Structure.Free) {
      return Optional.empty();
    }
    Grammar grammar = compiled.get(structure);
    if (grammar == null) {
      grammar = new Grammar(automaton(structure), trie());
      compiled.put(structure, grammar);
      if (compiled.size() > KEPT) {
        compiled.remove(compiled.keySet().iterator().next());
      }
    }
    return Optional.of(grammar.start());
  }

  private static Automaton automaton(Structure structure) {
    return switch (structure) {
      case Structure.Free _ -> new Automaton(Expr.EMPTY, Map.of());
      case Structure.JsonSchema(String schema) -> JsonSchema.compile(schema);
      case Structure.Regex(String pattern) -> new Automaton(Regex.parse(pattern), Map.of());
      case Structure.Choice(List<String> texts) -> {
        List<Expr> choices = new ArrayList<>();
        texts.forEach(text -> choices.add(Expr.text(text)));
        yield new Automaton(new Expr.Alt(choices), Map.of());
      }
    };
  }

  private TokenTrie trie() {
    if (trie.isEmpty()) {
      trie =
          Optional.of(
              TokenTrie.of(
                  tokenizer.orElseThrow(() ->
                      new IllegalArgumentException(
                          "structured output needs a tokenizer, and this generator has none; give it the model's"))));
    }
    return trie.orElseThrow();
  }
}
