package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.model.PeftAdapter;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.StreamingDecoder;
import java.util.ArrayList;
import java.util.List;

/// Completions of a model, as `burnish generate` makes them.
final class Completions {
  /// Receives what a model generates, piece by piece. Called by one thread.
  interface Output {
    /// Called first: the sampling settings, and the model's own defaults that were not used.
    void sampling(SamplingParams params, List<String> unused);

    /// The next piece of text of completion `index`.
    void text(int index, String piece);

    /// Completion `index` has ended.
    void finished(int index, Completion completion);
  }

  private Completions() {}

  static void generate(GenerateOptions options, Output output) {
    try (Pretrained base = Pretrained.load(options.model())) {
      options.adapter().ifPresent(folder -> PeftAdapter.load(base.model(), folder));
      SamplingParams params = options.sampling().apply(base.sampling());
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
        output.finished(i, completion);
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
