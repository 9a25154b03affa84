package dev.burnish.engine.grammar;

import dev.burnish.engine.sampling.Draw;
import dev.burnish.engine.sampling.FakeSequence;
import dev.burnish.engine.sampling.Sampler;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import dev.burnish.tensor.Tensor;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Ways through a structure.
final class Walks {
  /// A token per character.
  static final Tokenizer ASCII =
      CharacterTokenizer.of(
          IntStream.range(9, 127)
              .filter(c -> c >= ' ' || c == '\n' || c == '\t')
              .mapToObj(Character::toString)
              .collect(Collectors.joining("", "", "ä€😀")));

  private static final int MOST_TOKENS = 600;

  private Walks() {}

  static GrammarState start(Structure structure, Tokenizer tokenizer) {
    return new Grammars(Optional.of(tokenizer)).start(structure).orElseThrow();
  }

  /// Whether a text of the characters of [#ASCII] is whole.
  static boolean accepts(GrammarState start, String text) {
    GrammarState at = start;
    for (int token : ASCII.encode(text)) {
      if ((at.allowed()[token >>> 6] >>> token & 1) == 0) {
        return false;
      }
      at = at.after(token);
    }
    return at.complete();
  }

  /// Draws a completion from random logits; empty if it does not end in time.
  ///
  /// @param closing made likelier, so that texts end
  static Optional<int[]> random(
      GrammarState start, Tokenizer tokenizer, List<String> closing, Random random) {
    int end = tokenizer.endId().orElseThrow();
    Sampler sampler = new Sampler(new int[] {end}, List.of());
    SamplingParams params =
        SamplingParams.defaults()
            .withBias(bias(tokenizer, closing, end))
            .withSeed(random.nextLong());
    float[] logits = new float[tokenizer.vocabularySize()];
    float[] noise = new float[2 * logits.length];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = 8 * random.nextFloat();
    }
    int[] tokens = new int[0];
    GrammarState at = start;
    while (tokens.length < MOST_TOKENS) {
      System.arraycopy(noise, random.nextInt(logits.length), logits, 0, logits.length);
      Draw draw;
      try (Tensor row = Tensor.of(logits, 1, logits.length)) {
        FakeSequence sequence =
            new FakeSequence(params, new int[] {0}, tokens, random.nextLong(), Optional.of(at));
        draw = sampler.draw(row, List.of(sequence)).getFirst();
      }
      int token =
          switch (draw) {
            case Draw.Drawn drawn -> drawn.token();
            case Draw.Refused(RuntimeException cause) -> throw cause;
          };
      if (token == end) {
        return Optional.of(tokens);
      }
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = token;
      at = at.after(token);
    }
    return Optional.empty();
  }

  private static Map<Integer, Double> bias(Tokenizer tokenizer, List<String> closing, int end) {
    Map<Integer, Double> bias = new HashMap<>(Map.of(end, 14.0));
    closing.forEach(text -> bias.put(tokenizer.id(text).orElseThrow(), 14.0));
    return bias;
  }
}
