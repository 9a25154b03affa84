package dev.burnish.agent;

import dev.burnish.rollout.Prompt;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import dev.burnish.tools.ToolSet;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

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

  /// The same with tools, whose schemas the template writes.
  public ChatFormat withTools(ToolSet tools) {
    return new ChatFormat(tokenizer, template, options.withTools(tools.schemas()));
  }

  /// The conversation up to where the next answer begins.
  String render(List<ChatMessage> messages) {
    return template.render(messages, options.withGenerationPrompt(true));
  }

  static ChatMessage message(Prompt.Turn turn) {
    return new ChatMessage(turn.role(), turn.content());
  }

  /// The text of an answer as the template is to write it: without the token that ended it.
  String content(int[] answer) {
    int length = answer.length;
    boolean ended = length > 0 && tokenizer.isSpecial(answer[length - 1]);
    return tokenizer.decode(Arrays.copyOf(answer, ended ? length - 1 : length), false);
  }

  /// The ids of what a text adds to tokens, encoded by themselves; empty if it does not begin with
  /// their text, adds nothing, or its ids would not read as it.
  Optional<int[]> added(int[] tokens, String text) {
    String before = tokenizer.decode(tokens);
    if (!text.startsWith(before) || text.length() == before.length()) {
      return Optional.empty();
    }
    int[] ids = inContext(tokens, text.substring(before.length()));
    boolean reads = ids.length > 0 && tokenizer.decode(joined(tokens, ids)).equals(text);
    return reads ? Optional.of(ids) : Optional.empty();
  }

  /// A text after a special token is encoded with it: some tokenizers write the beginning of a text
  /// in another way.
  private int[] inContext(int[] tokens, String more) {
    int last = tokens[tokens.length - 1];
    if (tokenizer.isSpecial(last)) {
      int[] ids = tokenizer.encode(tokenizer.decode(last) + more);
      if (ids.length > 0 && ids[0] == last) {
        return Arrays.copyOfRange(ids, 1, ids.length);
      }
    }
    return tokenizer.encode(more);
  }

  static int[] joined(int[] tokens, int[] more) {
    int[] all = Arrays.copyOf(tokens, tokens.length + more.length);
    System.arraycopy(more, 0, all, tokens.length, more.length);
    return all;
  }
}
