package dev.burnish.engine;

import dev.burnish.rollout.Prompt;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.util.List;
import java.util.Optional;

/// Turns prompts into the token ids of a model.
///
/// @param tokenizer of the model; without one, prompts must be token ids
/// @param template of the model; without one, no prompt may be a chat
public record PromptEncoder(Optional<Tokenizer> tokenizer, Optional<ChatTemplate> template) {
  /// For prompts of token ids alone.
  public static PromptEncoder tokensOnly() {
    return new PromptEncoder(Optional.empty(), Optional.empty());
  }

  /// For texts and token ids.
  public static PromptEncoder of(Tokenizer tokenizer) {
    return new PromptEncoder(Optional.of(tokenizer), Optional.empty());
  }

  /// The token ids of a prompt. A chat does not get the tokens that a plain text begins with: its
  /// template writes its own.
  ///
  /// @throws IllegalArgumentException if the prompt needs a tokenizer or template that is not there
  public int[] encode(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text) -> required().encodePlain(text);
      case Prompt.Chat(List<Prompt.Turn> turns) -> required().encode(rendered(turns));
      case Prompt.Tokens(int[] ids) -> ids;
    };
  }

  private String rendered(List<Prompt.Turn> turns) {
    List<ChatMessage> messages =
        turns.stream().map(turn -> new ChatMessage(turn.role(), turn.content())).toList();
    return template
        .orElseThrow(() ->
            new IllegalArgumentException(
                "a chat needs a model with a chat template, and this one has none; give a text"))
        .render(messages, ChatOptions.defaults().withGenerationPrompt(true));
  }

  private Tokenizer required() {
    return tokenizer.orElseThrow(() ->
        new IllegalArgumentException(
            "a text prompt needs a tokenizer, and this generator has none; give token ids"));
  }
}
