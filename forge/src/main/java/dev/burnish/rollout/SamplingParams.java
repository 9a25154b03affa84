package dev.burnish.rollout;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Parameters of the sampling of completions.
///
/// Before a token is drawn, the logits are changed in this order, which is that of vLLM: tokens
/// that break the structure, tokens outside `tokens.allowed`, suppressed ones, and ends of bad
/// words get no probability; nor do end and stop tokens while fewer than `stop.minTokens` are
/// there; biases are added; penalties apply (repetition, frequency, presence); the temperature
/// divides. Then the truncation cuts.
///
/// @param n completions per prompt
/// @param bestOf samples per prompt, of which the `n` of greatest cumulative log-probability are
///   returned, best first; equal to `n` for all of them, in the order of their indexes. The others
///   cost as much as those returned: see [Group#unchosenTokens]
/// @param maxTokens longest completion in tokens
/// @param temperature divides the logits; 0 takes the most likely token (the lowest id of equals)
/// @param truncation which share of the distribution may be sampled
/// @param tokens which tokens may be sampled at all, and their biases
/// @param penalties of tokens that are there already
/// @param stop what ends a completion, and when
/// @param structure form that the text must have
/// @param logprobs which log-probabilities are reported besides those of the sampled tokens
/// @param priority among the requests that wait for a generator; tokens do not depend on it
/// @param seed a completion depends on the seed, its prompt's index and its own, not on whatever
///   else runs
public record SamplingParams(
    int n,
    int bestOf,
    int maxTokens,
    double temperature,
    Truncation truncation,
    TokenRules tokens,
    Penalties penalties,
    Stop stop,
    Structure structure,
    Logprobs logprobs,
    Priority priority,
    long seed) {
  /// The part of the distribution that may be sampled, cut in the order of transformers: the `topK`
  /// most likely tokens; of these the most likely ones that hold `topP` of the remaining
  /// probability; of these the ones at least `minP` times as likely as the most likely token; of
  /// these the most typical ones that hold `typicalP` of what then remains. Each cut keeps at least
  /// one token.
  ///
  /// @param topP share of the probability; 1 for all
  /// @param topK number of tokens; 0 for all
  /// @param minP share of the largest probability; 0 for all
  /// @param typicalP share of the probability, of tokens whose surprise is nearest the entropy; 1
  ///   for all. Source: Meister et al. 2022; `TypicalLogitsWarper` of transformers
  public record Truncation(double topP, int topK, double minP, double typicalP) {
    /// All tokens.
    public static final Truncation NONE = new Truncation(1, 0, 0, 1);

    public Truncation {
      require(topP > 0 && topP <= 1, "topP must be above 0 and at most 1: topP=" + topP);
      require(topK >= 0, "topK must be at least 0: topK=" + topK);
      require(minP >= 0 && minP <= 1, "minP must be between 0 and 1: minP=" + minP);
      require(
          typicalP > 0 && typicalP <= 1,
          "typicalP must be above 0 and at most 1: typicalP=" + typicalP);
    }

    /// Whether nothing is cut.
    public boolean keepsAll() {
      return topP == 1 && topK == 0 && minP == 0 && typicalP == 1;
    }
  }

  /// Rules for single tokens of the vocabulary.
  ///
  /// @param allowed the only token ids that may be sampled; empty for all
  /// @param suppressed token ids that are never sampled
  /// @param badWords sequences of token ids that are never completed, counted over prompt and
  ///   completion
  /// @param bias added to the logits of token ids
  public record TokenRules(
      List<Integer> allowed,
      List<Integer> suppressed,
      List<List<Integer>> badWords,
      Map<Integer, Double> bias) {
    /// No rules.
    public static final TokenRules NONE = new TokenRules(List.of(), List.of(), List.of(), Map.of());

    public TokenRules {
      allowed = List.copyOf(allowed);
      suppressed = List.copyOf(suppressed);
      badWords = badWords.stream().map(List::copyOf).toList();
      bias = Map.copyOf(bias);
      require(
          badWords.stream().noneMatch(List::isEmpty),
          "a bad word must have at least one token: badWords=" + badWords);
      require(
          bias.values().stream().allMatch(Double::isFinite),
          "a bias must be finite: bias=%s; suppress a token to forbid it".formatted(bias));
      requireIds("allowed", allowed);
      requireIds("suppressed", suppressed);
      badWords.forEach(word -> requireIds("badWords", word));
      requireIds("bias", bias.keySet());
    }
  }

  /// Penalties of tokens that occurred.
  ///
  /// @param repetition divides positive logits, and multiplies negative ones, of every token of the
  ///   prompt and the completion; 1 for none. Source: Keskar et al. 2019, as in transformers and
  ///   vLLM
  /// @param presence subtracted from the logit of every token of the completion; 0 for none
  /// @param frequency subtracted from it once per occurrence; 0 for none. Source: OpenAI's API
  public record Penalties(double repetition, double presence, double frequency) {
    /// None.
    public static final Penalties NONE = new Penalties(1, 0, 0);

    public Penalties {
      require(
          repetition > 0 && Double.isFinite(repetition),
          "repetition must be above 0: repetition=%s; 1 is off".formatted(repetition));
      require(Double.isFinite(presence), "presence must be finite: presence=" + presence);
      require(Double.isFinite(frequency), "frequency must be finite: frequency=" + frequency);
    }
  }

  /// The conditions that end a completion before its longest length.
  ///
  /// @param texts the completion's text is cut before the first of them
  /// @param tokens ids that end the completion, which keeps them, and are not in its text
  /// @param minTokens end and stop tokens get no probability, and stop texts are not looked for,
  ///   until that many tokens are there
  /// @param atEnd what an end token of the model does
  public record Stop(List<String> texts, List<Integer> tokens, int minTokens, AtEnd atEnd) {
    /// End tokens of the model alone.
    public static final Stop NONE = new Stop(List.of(), List.of(), 0, AtEnd.STOP);

    /// The effect of an end token of the model.
    public enum AtEnd {
      /// Ends the completion.
      STOP,
      /// None: the completion continues after it.
      CONTINUE
    }

    public Stop {
      texts = List.copyOf(texts);
      tokens = List.copyOf(tokens);
      require(
          texts.stream().noneMatch(String::isEmpty),
          "a stop text must have at least one character: stop=" + texts);
      require(minTokens >= 0, "minTokens must be at least 0: minTokens=" + minTokens);
      requireIds("stop.tokens", tokens);
    }

    /// Whether a text of a structure ends only where that is whole.
    private boolean leavesEndToStructure() {
      return texts.isEmpty() && minTokens == 0 && atEnd == AtEnd.STOP;
    }
  }

  /// Log-probabilities that are reported per token, in [Completion.Details#top].
  ///
  /// @param top number of most likely tokens
  /// @param distribution whose log-probabilities they are, and that of the sampled token there
  public record Logprobs(int top, Distribution distribution) {
    /// Those of [Completion#logprobs] alone.
    public static final Logprobs NONE = new Logprobs(0, Distribution.TEMPERED);

    /// A distribution over the vocabulary.
    public enum Distribution {
      /// The one of [Completion#logprobs]: with every rule, bias and penalty and the temperature,
      /// before truncation.
      TEMPERED,
      /// The model's own: softmax of its logits as they are.
      MODEL
    }

    public Logprobs {
      require(top >= 0, "top must be at least 0: top=" + top);
    }

    /// Whether anything is reported.
    public boolean asked() {
      return top > 0 || distribution == Distribution.MODEL;
    }
  }

  public SamplingParams {
    require(n >= 1, "n must be at least 1: n=" + n);
    require(bestOf >= n, "bestOf must be at least n=%d: bestOf=%d; raise it".formatted(n, bestOf));
    require(maxTokens >= 1, "maxTokens must be at least 1: maxTokens=" + maxTokens);
    require(
        temperature >= 0 && temperature <= 100,
        "temperature must be between 0 and 100: temperature=" + temperature);
    require(
        structure instanceof Structure.Free || stop.leavesEndToStructure(),
        "a structure must decide where its text ends: stop=%s; leave out stop texts, minTokens and atEnd"
            .formatted(stop));
    require(
        stop.minTokens <= maxTokens,
        "minTokens must be at most maxTokens=%d: minTokens=%d"
            .formatted(maxTokens, stop.minTokens));
  }

  /// One completion of at most 256 tokens, from the model's own distribution, to be trained on.
  public static SamplingParams defaults() {
    return new SamplingParams(
        1,
        1,
        256,
        1,
        Truncation.NONE,
        TokenRules.NONE,
        Penalties.NONE,
        Stop.NONE,
        new Structure.Free(),
        Logprobs.NONE,
        Priority.TRAINING,
        0);
  }

  public static SamplingParams greedy(int maxTokens) {
    return defaults().withTemperature(0).withMaxTokens(maxTokens);
  }

  /// All samples are returned where that was so before.
  public SamplingParams withN(int value) {
    return with(draft -> {
      draft.bestOf = bestOf == n ? value : bestOf;
      draft.n = value;
    });
  }

  public SamplingParams withBestOf(int value) {
    return with(draft -> draft.bestOf = value);
  }

  public SamplingParams withMaxTokens(int value) {
    return with(draft -> draft.maxTokens = value);
  }

  public SamplingParams withTemperature(double value) {
    return with(draft -> draft.temperature = value);
  }

  public SamplingParams withTopP(double value) {
    return withTruncation(
        new Truncation(value, truncation.topK, truncation.minP, truncation.typicalP));
  }

  public SamplingParams withTopK(int value) {
    return withTruncation(
        new Truncation(truncation.topP, value, truncation.minP, truncation.typicalP));
  }

  public SamplingParams withMinP(double value) {
    return withTruncation(
        new Truncation(truncation.topP, truncation.topK, value, truncation.typicalP));
  }

  public SamplingParams withTypicalP(double value) {
    return withTruncation(new Truncation(truncation.topP, truncation.topK, truncation.minP, value));
  }

  public SamplingParams withTruncation(Truncation value) {
    return with(draft -> draft.truncation = value);
  }

  public SamplingParams withAllowed(List<Integer> value) {
    return withTokens(new TokenRules(value, tokens.suppressed, tokens.badWords, tokens.bias));
  }

  public SamplingParams withSuppressed(List<Integer> value) {
    return withTokens(new TokenRules(tokens.allowed, value, tokens.badWords, tokens.bias));
  }

  public SamplingParams withBadWords(List<List<Integer>> value) {
    return withTokens(new TokenRules(tokens.allowed, tokens.suppressed, value, tokens.bias));
  }

  public SamplingParams withBias(Map<Integer, Double> value) {
    return withTokens(new TokenRules(tokens.allowed, tokens.suppressed, tokens.badWords, value));
  }

  public SamplingParams withTokens(TokenRules value) {
    return with(draft -> draft.tokens = value);
  }

  public SamplingParams withRepetitionPenalty(double value) {
    return withPenalties(new Penalties(value, penalties.presence, penalties.frequency));
  }

  public SamplingParams withPresencePenalty(double value) {
    return withPenalties(new Penalties(penalties.repetition, value, penalties.frequency));
  }

  public SamplingParams withFrequencyPenalty(double value) {
    return withPenalties(new Penalties(penalties.repetition, penalties.presence, value));
  }

  public SamplingParams withPenalties(Penalties value) {
    return with(draft -> draft.penalties = value);
  }

  public SamplingParams withStop(List<String> texts) {
    return withStop(new Stop(texts, stop.tokens, stop.minTokens, stop.atEnd));
  }

  public SamplingParams withStopTokens(List<Integer> value) {
    return withStop(new Stop(stop.texts, value, stop.minTokens, stop.atEnd));
  }

  public SamplingParams withMinTokens(int value) {
    return withStop(new Stop(stop.texts, stop.tokens, value, stop.atEnd));
  }

  public SamplingParams withEnd(Stop.AtEnd value) {
    return withStop(new Stop(stop.texts, stop.tokens, stop.minTokens, value));
  }

  public SamplingParams withStop(Stop value) {
    return with(draft -> draft.stop = value);
  }

  public SamplingParams withStructure(Structure value) {
    return with(draft -> draft.structure = value);
  }

  public SamplingParams withLogprobs(Logprobs value) {
    return with(draft -> draft.logprobs = value);
  }

  public SamplingParams withPriority(Priority value) {
    return with(draft -> draft.priority = value);
  }

  public SamplingParams withSeed(long value) {
    return with(draft -> draft.seed = value);
  }

  /// Requires that a vocabulary has every token that is named here.
  ///
  /// @throws IllegalArgumentException otherwise, with the id
  public void requireVocabulary(int size) {
    Stream.of(
            tokens.allowed,
            tokens.suppressed,
            tokens.badWords.stream().flatMap(List::stream).toList(),
            tokens.bias.keySet(),
            stop.tokens)
        .flatMap(Collection::stream)
        .filter(id -> id >= size)
        .findFirst()
        .ifPresent(id -> {
          throw new IllegalArgumentException(
              "a token id of the sampling parameters must lie in [0, %d), the model's vocabulary: token=%d"
                  .formatted(size, id));
        });
  }

  private SamplingParams with(Consumer<SamplingDraft> change) {
    SamplingDraft draft = new SamplingDraft(this);
    change.accept(draft);
    return draft.params();
  }

  private static void requireIds(String name, Collection<Integer> ids) {
    require(
        ids.stream().allMatch(id -> id >= 0),
        "a token id must be at least 0: %s=%s".formatted(name, ids));
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
