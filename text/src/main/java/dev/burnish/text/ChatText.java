package dev.burnish.text;

import java.util.List;

/// A conversation as text, with the assistant's parts, over which a loss is taken.
public record ChatText(String text, List<Span> assistant) {
  public ChatText {
    assistant = List.copyOf(assistant);
  }
}
