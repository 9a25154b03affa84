package dev.burnish.agent;

import dev.burnish.rollout.Prompt;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.util.List;

/// How a model reads conversations. Thread-safe.
///
/// @param options tools and variables; its clock must not move while an episode lasts, or a
///   template that writes the time rewrites what is before
public record ChatFormat(Tokenizer tokenizer, ChatTemplate template, ChatOptions options) {
  /// The format of a tokenizer's own template.
  ///
  /// @throws IllegalArgumentException if it has none
  public static ChatFormat of(Tokenizer tokenizer) {
    return of(
        tokenizer,
        tokenizer
            .chatTemplate()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "a conversation needs a model with a chat template, and this one has none; give one")));
  }

  /// The format of a template that needs neither tools nor variables.
  public static ChatFormat of(Tokenizer tokenizer, ChatTemplate template) {
    return new ChatFormat(tokenizer, template, ChatOptions.defaults());
  }

  /// The conversation up to where the next answer begins.
  String render(List<ChatMessage> messages) {
    return template.render(messages, options.withGenerationPrompt(true));
  }

  static ChatMessage message(Prompt.Turn turn) {
    return new ChatMessage(turn.role(), turn.content());
  }
}
