package dev.burnish.serve;

import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Structure;
import dev.burnish.text.CompletionText;
import dev.burnish.text.Tokenizer;
import dev.burnish.tools.ToolCallReader;
import dev.burnish.tools.ToolFormat;
import dev.burnish.tools.ToolPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Cuts one choice into pieces as its tokens come. A piece has a text or a call of a tool, or is
/// the last; tokens whose text is not complete yet, or may begin a stop text or belong to a call,
/// wait for the next one. One thread.
final class ChoiceStream {
  private final int choice;
  private final Tokenizer tokenizer;
  private final CompletionText text;
  private final List<Integer> unseen;
  private final List<Piece.Token> waiting = new ArrayList<>();
  private final Optional<ToolCallReader> calls;
  private Echo echo;
  private int offset;

  /// @param echo of its prompt
  ChoiceStream(int choice, ModelCard model, GenerationRequest request, Echo echo) {
    SamplingParams sampling = request.sampling();
    SamplingParams.Stop stop = sampling.stop();
    this.choice = choice;
    this.tokenizer = model.tokenizer();
    this.text = new CompletionText(tokenizer, stop.texts(), stop.minTokens());
    this.unseen =
        sampling.structure() instanceof Structure.Free
            ? stop.tokens()
            : Stream.concat(stop.tokens().stream(), model.endTokens().stream()).toList();
    this.calls = request.format().tools().map(ToolFormat::reader);
    this.echo = echo;
  }

  Optional<Piece> append(Piece.Token token) {
    waiting.add(token);
    String shown = unseen.contains(token.id()) ? "" : text.append(token.id());
    List<ToolPart> parts = read(shown);
    return parts.isEmpty() ? Optional.empty() : Optional.of(piece(parts, Optional.empty()));
  }

  Piece end(FinishReason reason) {
    List<ToolPart> parts = new ArrayList<>(read(text.finish()));
    calls.ifPresent(reader -> parts.addAll(reader.finish()));
    return piece(parts, Optional.of(reason));
  }

  /// The parts of a text that may be shown.
  private List<ToolPart> read(String shown) {
    if (shown.isEmpty()) {
      return List.of();
    }
    return calls
        .map(reader -> reader.append(shown))
        .orElseGet(() -> List.of(new ToolPart.Text(shown)));
  }

  private Piece piece(List<ToolPart> parts, Optional<FinishReason> ending) {
    Piece piece =
        new Piece(
            choice,
            Piece.Added.of(echo.text(), parts),
            new Piece.Tokens(echo, waiting, offset),
            ending);
    for (int token : echo.tokens()) {
      offset += tokenizer.decode(token).length();
    }
    for (Piece.Token token : waiting) {
      offset += tokenizer.decode(token.id()).length();
    }
    waiting.clear();
    echo = Echo.NONE;
    return piece;
  }
}
