package dev.burnish.serve;

import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import dev.burnish.text.CompletionText;
import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Cuts one choice into pieces as its tokens come. A piece has a text, or is the last; tokens whose
/// text is not complete yet, or may begin a stop text, wait for the next one. One thread.
final class ChoiceStream {
  private final int choice;
  private final Tokenizer tokenizer;
  private final CompletionText text;
  private final List<Integer> unseen;
  private final List<Piece.Token> waiting = new ArrayList<>();
  private String echo;
  private int offset;

  /// @param echo text that comes before the completion
  ChoiceStream(int choice, ModelCard model, SamplingParams sampling, String echo) {
    SamplingParams.Stop stop = sampling.stop();
    this.choice = choice;
    this.tokenizer = model.tokenizer();
    this.text = new CompletionText(tokenizer, stop.texts(), stop.minTokens());
    this.unseen =
        sampling.structure() instanceof Structure.Free
            ? stop.tokens()
            : Stream.concat(stop.tokens().stream(), model.endTokens().stream()).toList();
    this.echo = echo;
  }

  Optional<Piece> append(Piece.Token token) {
    waiting.add(token);
    String shown = unseen.contains(token.id()) ? "" : text.append(token.id());
    return shown.isEmpty() ? Optional.empty() : Optional.of(piece(shown, Optional.empty()));
  }

  Piece end(FinishReason reason) {
    return piece(text.finish(), Optional.of(reason));
  }

  private Piece piece(String shown, Optional<FinishReason> ending) {
    Piece piece = new Piece(choice, echo + shown, waiting, offset, ending);
    for (Piece.Token token : waiting) {
      offset += tokenizer.decode(token.id()).length();
    }
    waiting.clear();
    echo = "";
    return piece;
  }
}
