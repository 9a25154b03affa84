package dev.burnish.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import dev.burnish.rollout.Structure;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GrammarTest {
  private static boolean allows(GrammarState state, int token) {
    return (state.allowed()[token >>> 6] >>> token & 1) == 1;
  }

  @Test
  void aTokenIsAllowedIfAllItsBytesCanBeRead() {
    Tokenizer tokenizer = Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
    Random random = new Random(3);
    GrammarState state =
        Walks.start(new Structure.Regex("( ?[a-z]+|[0-9é€]{2,3}|\\n\\n)*!"), tokenizer);
    for (int step = 0; step < 4; step++) {
      GrammarState at = state;
      int[] allowed =
          IntStream.range(0, tokenizer.vocabularySize())
              .filter(token -> !tokenizer.isSpecial(token) && readable(at, tokenizer, token))
              .toArray();
      assertThat(BitSet.valueOf(at.allowed()).stream().toArray()).containsExactly(allowed);
      state = state.after(allowed[random.nextInt(allowed.length)]);
    }
  }

  private static boolean readable(GrammarState state, Tokenizer tokenizer, int token) {
    try {
      state.after(token);
      return tokenizer.bytes(token).length > 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void aChoiceIsOneOfItsTexts() {
    List<String> texts = List.of("yes", "no", "not sure", "yes, sir");
    GrammarState start = Walks.start(new Structure.Choice(texts), Walks.ASCII);
    Set<String> drawn = new HashSet<>();
    for (int seed = 0; seed < 20; seed++) {
      drawn.add(
          Walks.ASCII.decode(
              Walks.random(start, Walks.ASCII, List.of("s"), new Random(seed)).orElseThrow()));
    }
    assertThat(drawn).isSubsetOf(texts).hasSizeGreaterThan(1);
    assertThat(texts).allMatch(text -> Walks.accepts(start, text));
    assertThat(Walks.accepts(start, "ye")).isFalse();
    assertThat(Walks.accepts(start, "yes,")).isFalse();
  }

  @Test
  void whatEndsWithinACharacterIsNoText() {
    Tokenizer tokenizer = Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
    GrammarState start = Walks.start(new Structure.Regex("[à-ÿ]+"), tokenizer);
    byte[] first = {"é".getBytes(StandardCharsets.UTF_8)[0]};
    int half =
        IntStream.range(0, tokenizer.vocabularySize())
            .filter(id -> Arrays.equals(tokenizer.bytes(id), first))
            .findFirst()
            .orElseThrow();
    assertThat(allows(start, half)).isTrue();
    assertThat(start.after(half).complete()).isFalse();
  }

  @Test
  void aTokenThatMayNotComeIsRefused() {
    GrammarState start = Walks.start(new Structure.Regex("a"), Walks.ASCII);
    int b = Walks.ASCII.encode("b")[0];
    assertThatThrownBy(() -> start.after(b))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("token=" + b);
    assertThatThrownBy(() -> start.after(Walks.ASCII.endId().orElseThrow()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void statesOfAStructureWithoutEndAreForgotten() {
    Structure deep =
        new Structure.JsonSchema("{\"type\": \"array\", \"items\": {\"$ref\": \"#\"}}");
    GrammarState at = Walks.start(deep, Walks.ASCII);
    int open = Walks.ASCII.encode("[")[0];
    int close = Walks.ASCII.encode("]")[0];
    for (int depth = 0; depth < 20_000; depth++) {
      at = at.after(open);
    }
    assertThat(at.complete()).isFalse();
    for (int depth = 0; depth < 20_000; depth++) {
      at = at.after(close);
    }
    assertThat(at.complete()).isTrue();
    assertThat(allows(at, close)).isFalse();
  }

  @Test
  void manyThreadsSeeTheSameTokens() {
    Grammars grammars = new Grammars(Optional.of(Walks.ASCII));
    Structure structure =
        new Structure.JsonSchema("{\"type\": \"array\", \"items\": {\"type\": \"string\"}}");
    List<String> closing = List.of("\"", "]");
    List<Integer> seeds = IntStream.range(0, 8).boxed().toList();
    List<String> together =
        Scope.map(
            seeds,
            seed ->
                Walks.random(
                        grammars.start(structure).orElseThrow(),
                        Walks.ASCII,
                        closing,
                        new Random(seed))
                    .map(Walks.ASCII::decode)
                    .orElse(""));
    for (int seed : seeds) {
      GrammarState alone = Walks.start(structure, Walks.ASCII);
      assertThat(together.get(seed))
          .isEqualTo(
              Walks.random(alone, Walks.ASCII, closing, new Random(seed))
                  .map(Walks.ASCII::decode)
                  .orElse(""));
    }
  }

  @Test
  void aGeneratorWithoutATokenizerHasNoStructures() {
    Grammars grammars = new Grammars(Optional.empty());
    assertThat(grammars.start(new Structure.Free())).isEmpty();
    assertThatThrownBy(() -> grammars.start(new Structure.Regex("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs a tokenizer");
  }
}
