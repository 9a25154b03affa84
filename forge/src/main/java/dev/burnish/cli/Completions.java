package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.model.PeftAdapter;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.StreamingDecoder;
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
      List<Pieces> pieces = new ArrayList<>();
      for (int i = 0; i < params.n(); i++) {
        pieces.add(new Pieces(i, base.tokenizer().stream(), params.stop().texts(), output));
      }
      List<Completion> completions =
          base.generator()
              .generateAll(
                  List.of(prompt(options)),
                  params,
                  (_, sample, token) -> {
                    if (!base.tokenizer().isSpecial(token)) {
                      pieces.get(sample).append(token);
                    }
                  })
              .getFirst()
              .completions();
      for (int i = 0; i < completions.size(); i++) {
        Completion completion = completions.get(i);
        pieces.get(i).finish(completion.text());
        output.finished(
            i, completion.finish().name().toLowerCase(Locale.ROOT), completion.tokens().length);
      }
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

  /// The text of one completion as it comes, held back where a stop text may be beginning.
  private static final class Pieces {
    private final int index;
    private final StreamingDecoder decoder;
    private final int heldBack;
    private final Output output;
    private final StringBuilder text = new StringBuilder();
    private int shown;

    Pieces(int index, StreamingDecoder decoder, List<String> stop, Output output) {
      this.index = index;
      this.decoder = decoder;
      this.heldBack = stop.stream().mapToInt(String::length).max().orElse(0);
      this.output = output;
    }

    void append(int token) {
      text.append(decoder.append(token));
      show(text, text.length() - heldBack);
    }

    void finish(String whole) {
      show(whole, whole.length());
    }

    private void show(CharSequence source, int end) {
      if (end > shown) {
        output.text(index, source.subSequence(shown, end).toString());
        shown = end;
      }
    }
  }
}
