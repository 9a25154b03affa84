package dev.burnish.cli;

import dev.burnish.Pretrained;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import dev.burnish.text.CompletionText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

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
    try (Pretrained base = options.model().get()) {
      SamplingParams params = options.sampling().apply(base.sampling());
      output.sampling(params, base.unusedDefaults());
      List<Pieces> texts = new ArrayList<>();
      for (int i = 0; i < params.bestOf(); i++) {
        texts.add(
            new Pieces(
                i,
                new CompletionText(
                    base.tokenizer(), params.stop().texts(), params.stop().minTokens()),
                output));
      }
      List<Completion> completions =
          new BatchGenerator(base.model(), base.prompts(), options.engine())
              .generateAll(
                  List.of(prompt(options)),
                  params,
                  (_, sample, token) -> {
                    if (!endsUnseen(token, params, base.model().endTokens())) {
                      texts.get(sample).append(token);
                    }
                  })
              .getFirst()
              .completions();
      for (int i = 0; i < completions.size(); i++) {
        Completion completion = completions.get(i);
        texts.get(i).finish(completion.text());
        output.finished(i, completion);
      }
    }
  }

  /// Whether a token may end the text without being part of it.
  private static boolean endsUnseen(int token, SamplingParams params, int[] endTokens) {
    boolean structured = !(params.structure() instanceof Structure.Free);
    return params.stop().tokens().contains(token)
        || (structured && IntStream.of(endTokens).anyMatch(end -> end == token));
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

  /// The text of one completion as it comes.
  private static final class Pieces {
    private final int index;
    private final CompletionText text;
    private final Output output;
    private int shown;

    Pieces(int index, CompletionText text, Output output) {
      this.index = index;
      this.text = text;
      this.output = output;
    }

    void append(int token) {
      show(text.append(token));
    }

    /// @param whole text of the completion
    void finish(String whole) {
      if (whole.length() > shown) {
        show(whole.substring(shown));
      }
    }

    private void show(String piece) {
      if (!piece.isEmpty()) {
        output.text(index, piece);
        shown += piece.length();
      }
    }
  }
}
