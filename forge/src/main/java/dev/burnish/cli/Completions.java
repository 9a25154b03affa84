package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.model.PeftAdapter;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.CompletionText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// Completions of a model, as `burnish generate` makes them.
final class Completions {
  /// Receives what a model generates, piece by piece. Called by one thread.
  interface Output {
    /// Called first: the sampling settings, and the model's own defaults that were not used.
    void sampling(SamplingParams params, List<String> unused);

    /// The next piece of text of completion `index`.
    void text(int index, String piece);

    /// Completion `index` has ended, by `stop` or `length`.
    void finished(int index, String reason, int numTokens);
  }

  private Completions() {}

  static void generate(GenerateOptions options, Output output) {
    try (Pretrained base = Pretrained.load(options.model())) {
      options.adapter().ifPresent(folder -> PeftAdapter.load(base.model(), folder));
      SamplingParams params = sampling(base, options);
      output.sampling(params, base.unusedDefaults());
      List<CompletionText> texts =
          Stream.generate(() -> new CompletionText(base.tokenizer(), params.stop().texts(), 0))
              .limit(params.n())
              .toList();
      List<Completion> completions =
          base.generator()
              .generateAll(
                  List.of(prompt(options)),
                  params,
                  (_, sample, token) -> tell(output, sample, texts.get(sample).append(token)))
              .getFirst()
              .completions();
      for (int i = 0; i < completions.size(); i++) {
        Completion completion = completions.get(i);
        tell(output, i, texts.get(i).finish());
        output.finished(
            i, completion.finish().name().toLowerCase(Locale.ROOT), completion.tokens().length);
      }
    }
  }

  private static void tell(Output output, int index, String piece) {
    if (!piece.isEmpty()) {
      output.text(index, piece);
    }
  }

  private static Prompt prompt(GenerateOptions options) {
    if (!options.chat()) {
      return Prompt.text(options.prompt());
    }
    List<Prompt.Turn> turns = new ArrayList<>();
    options.system().ifPresent(text -> turns.add(new Prompt.Turn("system", text)));
    turns.add(new Prompt.Turn("user", options.prompt()));
    return new Prompt.Chat(turns);
  }

  /// The user's options, over the model's own defaults.
  private static SamplingParams sampling(Pretrained base, GenerateOptions options) {
    SamplingParams params =
        base.sampling()
            .withN(options.count())
            .withMaxTokens(options.maxTokens())
            .withStop(
                Stream.concat(base.sampling().stop().texts().stream(), options.stop().stream())
                    .toList())
            .withSeed(options.seed().orElseGet(System::nanoTime));
    params =
        options.temperature().isPresent()
            ? params.withTemperature(options.temperature().getAsDouble())
            : params;
    params = options.topP().isPresent() ? params.withTopP(options.topP().getAsDouble()) : params;
    return options.topK().isPresent() ? params.withTopK(options.topK().getAsInt()) : params;
  }
}
