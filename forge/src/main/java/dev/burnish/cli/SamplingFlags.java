package dev.burnish.cli;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The flags of `burnish generate` that say how tokens are sampled. Where one is not given, the
/// model's own default applies.
final class SamplingFlags {
  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 is greedy; the model's own if not given.")
  private @Nullable Double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the likeliest tokens that make up this share; 1 is off.")
  private @Nullable Double topP;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw from the K likeliest tokens; 0 is off.")
  private @Nullable Integer topK;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Draw from tokens at least P times as likely as the likeliest; 0 is off.")
  private @Nullable Double minP;

  @Option(
      names = "--typical-p",
      paramLabel = "P",
      description = "Draw from the most typical tokens that make up this share; 1 is off.")
  private @Nullable Double typicalP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description = "Make tokens of prompt and text less likely by this factor; 1 is off.")
  private @Nullable Double repetition;

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Subtract from the logits of tokens of the text; 0 is off.")
  private @Nullable Double presence;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "Subtract from the logits of tokens per time in the text; 0 is off.")
  private @Nullable Double frequency;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "End after this many; ${DEFAULT-VALUE} if not given.")
  private int maxTokens;

  @Option(
      names = "--min-tokens",
      paramLabel = "N",
      defaultValue = "0",
      description = "Do not end before this many.")
  private int minTokens;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End before this text; may be repeated.")
  private List<String> stop = new ArrayList<>();

  @Option(
      names = "--stop-token",
      paramLabel = "ID",
      description = "End at this token; may be repeated.")
  private List<Integer> stopTokens = new ArrayList<>();

  @Option(
      names = "--json-schema",
      paramLabel = "FILE",
      description = "Write JSON that is valid under a schema.")
  private @Nullable Path jsonSchema;

  @Option(
      names = "--regex",
      paramLabel = "REGEX",
      description = "Write text that matches as a whole.")
  private @Nullable String regex;

  @Option(
      names = "--choice",
      paramLabel = "TEXT",
      description = "Write one of these texts; repeated once per text.")
  private List<String> choice = new ArrayList<>();

  @Option(
      names = "--logprobs",
      paramLabel = "K",
      description = "Print each token's log-probability, and the K likeliest, with --json.")
  private @Nullable Integer logprobs;

  @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same text.")
  private @Nullable Long seed;

  @Option(names = "-n", paramLabel = "N", defaultValue = "1", description = "How many completions.")
  private int count;

  int count() {
    return count;
  }

  boolean wantsLogprobs() {
    return logprobs != null;
  }

  /// @throws IllegalArgumentException if a value is out of its range
  void check() {
    requireAtLeast("--temperature is not negative", temperature, 0, "0 is greedy");
    require(
        topP == null || (topP > 0 && topP <= 1),
        "--top-p is above 0 and at most 1",
        topP,
        "1 is off");
    requireAtLeast("--top-k is not negative", topK, 0, "0 is off");
    require(maxTokens > 0, "--max-tokens is positive", maxTokens, "such as 256");
    require(count > 0, "-n is positive", count, "such as 1");
    require(stop.stream().noneMatch(String::isEmpty), "--stop is not empty", stop, "leave it out");
    requireAtLeast("--logprobs is not negative", logprobs, 0, "0 is those of the tokens alone");
    SamplingParams _ = over(SamplingParams.defaults());
  }

  /// A model's own parameters, with those that were given.
  SamplingParams over(SamplingParams defaults) {
    SamplingParams params =
        defaults
            .withN(count)
            .withMaxTokens(maxTokens)
            .withSeed(seed == null ? System.nanoTime() : seed)
            .withStop(concat(defaults.stop().texts(), stop))
            .withStopTokens(concat(defaults.stop().tokens(), stopTokens));
    params = minTokens > 0 ? params.withMinTokens(minTokens) : params;
    params = given(params, temperature, SamplingParams::withTemperature);
    params = given(params, topP, SamplingParams::withTopP);
    params = given(params, topK, SamplingParams::withTopK);
    params = given(params, minP, SamplingParams::withMinP);
    params = given(params, typicalP, SamplingParams::withTypicalP);
    params = given(params, repetition, SamplingParams::withRepetitionPenalty);
    params = given(params, presence, SamplingParams::withPresencePenalty);
    params = given(params, frequency, SamplingParams::withFrequencyPenalty);
    params = given(params, logprobs, SamplingFlags::withTop);
    return structure().isPresent() ? structured(params, structure().get()) : params;
  }

  private static <T> List<T> concat(List<T> first, List<T> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  private static <T> SamplingParams given(
      SamplingParams params,
      @Nullable T value,
      BiFunction<SamplingParams, T, SamplingParams> with) {
    return value == null ? params : with.apply(params, value);
  }

  private static SamplingParams withTop(SamplingParams params, int top) {
    return params.withLogprobs(
        new SamplingParams.Logprobs(top, SamplingParams.Logprobs.Distribution.TEMPERED));
  }

  /// The model's own stop texts would cut the structure.
  private SamplingParams structured(SamplingParams params, Structure structure) {
    return params.withStop(stop).withStructure(structure);
  }

  private Optional<Structure> structure() {
    List<Structure> all = new ArrayList<>();
    if (jsonSchema != null) {
      all.add(new Structure.JsonSchema(read(jsonSchema)));
    }
    if (regex != null) {
      all.add(new Structure.Regex(regex));
    }
    if (!choice.isEmpty()) {
      all.add(new Structure.Choice(choice));
    }
    require(
        all.size() <= 1,
        "--json-schema, --regex and --choice exclude each other",
        all.size() + " of them",
        "leave all out except one");
    return all.stream().findFirst();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException("--json-schema=%s cannot be read".formatted(file), e);
    }
  }

  private static void requireAtLeast(
      String constraint, @Nullable Number value, double least, String cure) {
    require(value == null || value.doubleValue() >= least, constraint, value, cure);
  }

  private static void require(
      boolean holds, String constraint, @Nullable Object value, String cure) {
    if (!holds) {
      throw new IllegalArgumentException("%s: value=%s; %s".formatted(constraint, value, cure));
    }
  }
}
