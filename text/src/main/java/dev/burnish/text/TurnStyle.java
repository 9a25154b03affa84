package dev.burnish.text;

import java.util.List;
import java.util.Optional;

/// The effect of a chat template on an answer once another turn follows it.
public enum TurnStyle {
  /// The text grows at its end only: an episode is one sequence of tokens.
  APPENDS,
  /// Thoughts before the answer are left out: each further turn begins a branch.
  STRIPS_THOUGHTS,
  /// The answer itself is written in another way, or what is before it.
  REWRITES,
  /// It refuses every conversation that was tried.
  REFUSES;

  private static final String ANSWER = "The answer is 4.";
  private static final String THOUGHT = "<think>\nTwo and two.\n</think>\n\n";
  private static final ChatMessage QUESTION = ChatMessage.user("What is 2 + 2?");
  private static final ChatMessage NEXT = ChatMessage.user("And 3 + 3?");

  /// Tries a template with plain answers and with thoughts.
  static TurnStyle of(ChatTemplate template, ChatOptions options) {
    Optional<Boolean> plain = grows(template, options, ANSWER);
    if (plain.isEmpty()) {
      return REFUSES;
    }
    if (!plain.get()) {
      return REWRITES;
    }
    return grows(template, options, THOUGHT + ANSWER).orElse(true) ? APPENDS : STRIPS_THOUGHTS;
  }

  /// Whether the conversation with another turn begins with what the policy has read and said.
  private static Optional<Boolean> grows(
      ChatTemplate template, ChatOptions options, String answer) {
    ChatOptions asking = options.withGenerationPrompt(true);
    try {
      String read = template.render(List.of(QUESTION), asking);
      String next = template.render(List.of(QUESTION, ChatMessage.assistant(answer), NEXT), asking);
      return Optional.of(next.startsWith(read + answer));
    } catch (ChatTemplateException e) {
      return Optional.empty();
    }
  }
}
