package dev.burnish.text;

import java.util.List;

/// A conversation as text, with the parts that the assistant has to say: what a loss is taken over.
public record ChatText(String text, List<Span> assistant) {
  public ChatText {
    assistant = List.copyOf(assistant);
  }
}
