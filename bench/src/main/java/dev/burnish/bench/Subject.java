package dev.burnish.bench;

import dev.burnish.Pretrained;
import dev.burnish.data.DataFiles;
import dev.burnish.env.Gsm8k;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.tensor.KeyedRandom;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import tools.jackson.databind.node.ObjectNode;

/// The model that is measured, and prompts for it.
///
/// @param label of the model in the names of figures
/// @param prompts token ids
public record Subject(LanguageModel model, String label, List<int[]> prompts)
    implements AutoCloseable {
  /// Tokens of a made-up prompt; those of GSM8K have 60 to 150.
  private static final int PROMPT = 100;

  private static final int TINY_PROMPT = 8;

  static Subject load(Options options, int numPrompts) {
    return options
        .model()
        .map(folder -> pretrained(folder, options, numPrompts))
        .orElseGet(() -> random(options, numPrompts));
  }

  private static Subject pretrained(Path folder, Options options, int numPrompts) {
    Pretrained base = Pretrained.load(folder.toString());
    String label = folder.toAbsolutePath().normalize().getFileName().toString();
    List<int[]> prompts =
        options
            .gsm8k()
            .filter(_ -> base.template().isPresent())
            .map(file ->
                Gsm8k.load(file, DataFiles.OnBadRow.FAIL).rows().stream()
                    .limit(numPrompts)
                    .map(Problem::prompt)
                    .map(question -> base.prompts().encode(Prompt.user(question)))
                    .toList())
            .orElseGet(() ->
                ids(numPrompts, PROMPT, base.model().decoder().shape().vocabulary(), "prompt"));
    base.tokenizer().close();
    return new Subject(base.model(), label, prompts);
  }

  private static Subject random(Options options, int numPrompts) {
    int prompt =
        switch (options.scale()) {
          case FULL -> PROMPT;
          case TINY -> TINY_PROMPT;
        };
    LanguageModel model = LanguageModel.random(config(options), 1);
    int vocabulary = model.decoder().shape().vocabulary();
    return new Subject(model, "random weights", ids(numPrompts, prompt, vocabulary, "prompt"));
  }

  /// The shape of SmolLM2-135M, or a tiny one.
  public static ObjectNode config(Options options) {
    return switch (options.scale()) {
      case FULL -> {
        ObjectNode json =
            new LlamaConfig(49152, 576, 1536, 30, 9, 3, 8192, 10_000, 0.04, 2).toJson();
        json.put("tie_word_embeddings", true);
        json.put("rope_theta", 100_000.0);
        yield json;
      }
      case TINY -> new LlamaConfig(64, 32, 64, 2, 4, 2, 128, 10_000, 0.2, 2).toJson();
    };
  }

  /// Made-up token sequences, the same for the same purpose.
  static List<int[]> ids(int count, int length, int vocabulary, String purpose) {
    List<int[]> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      RandomGenerator random = KeyedRandom.of(1, purpose, i);
      result.add(random.ints(length, 3, vocabulary).toArray());
    }
    return result;
  }

  @Override
  public void close() {
    model.close();
  }
}
