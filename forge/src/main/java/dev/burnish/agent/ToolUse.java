package dev.burnish.agent;

import dev.burnish.text.Tokenizer;
import dev.burnish.tools.ToolFormat;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/// How a policy calls tools, and how much it may.
///
/// @param format of calls
/// @param calls that are run in an episode; further ones are answered with a text that says so
/// @param atOnce calls of one turn that run at a time; 1 runs them in their order
/// @param time of each call, shorter than that of [Budget]; a call that takes longer is
///   interrupted, and the policy is told so
/// @param characters of an answer of a tool that the policy reads, at most
/// @param special texts of special tokens: a space breaks them in answers of tools, so that nobody
///   else ends a turn
public record ToolUse(
    ToolFormat format, int calls, int atOnce, Duration time, int characters, List<String> special) {
  public ToolUse {
    special = List.copyOf(special);
    if (calls < 1 || atOnce < 1 || characters < 1 || !time.isPositive()) {
      throw new IllegalArgumentException(
          "tools must have calls, time and characters: calls=%d atOnce=%d time=%s characters=%d"
              .formatted(calls, atOnce, time, characters));
    }
  }

  /// 16 calls, one at a time, of 30 s each and 8 192 characters, in the format of a model's
  /// template.
  ///
  /// @throws IllegalArgumentException if the template knows no tools
  public static ToolUse of(ChatFormat chat) {
    return of(
        chat,
        ToolFormat.of(chat.template())
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "a model that calls tools must have a template that mentions them; give a ToolFormat, and describe the tools in the prompt")));
  }

  /// The same in a given format.
  public static ToolUse of(ChatFormat chat, ToolFormat format) {
    return new ToolUse(
        format, 16, 1, Duration.ofSeconds(30), 8192, specialTokens(chat.tokenizer()));
  }

  private static List<String> specialTokens(Tokenizer tokenizer) {
    return IntStream.range(0, tokenizer.vocabularySize())
        .filter(tokenizer::isSpecial)
        .mapToObj(tokenizer::decode)
        .filter(text -> text.length() > 1)
        .toList();
  }

  public ToolUse withCalls(int newCalls) {
    return new ToolUse(format, newCalls, atOnce, time, characters, special);
  }

  public ToolUse withAtOnce(int newAtOnce) {
    return new ToolUse(format, calls, newAtOnce, time, characters, special);
  }

  public ToolUse withTime(Duration newTime) {
    return new ToolUse(format, calls, atOnce, newTime, characters, special);
  }

  public ToolUse withCharacters(int newCharacters) {
    return new ToolUse(format, calls, atOnce, time, newCharacters, special);
  }

  /// A text of a tool as the policy reads it.
  String shown(String text) {
    String shown = text;
    if (text.length() > characters) {
      int end = characters;
      end -= Character.isHighSurrogate(text.charAt(end - 1)) ? 1 : 0;
      shown = "%s... (%d more characters)".formatted(text.substring(0, end), text.length() - end);
    }
    for (String token : special) {
      shown = shown.replace(token, token.charAt(0) + " " + token.substring(1));
    }
    return shown;
  }
}
