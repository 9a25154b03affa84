package dev.burnish.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A preferred and a rejected answer to one prompt.
public sealed interface PreferenceExample {
  record Text(String prompt, String chosen, String rejected) implements PreferenceExample {
    public Text {
      check(chosen, rejected);
    }

    private static void check(String chosen, String rejected) {
      if (chosen.isEmpty() || rejected.isEmpty()) {
        throw new IllegalArgumentException(
            "an answer is not empty: %s=''".formatted(chosen.isEmpty() ? "chosen" : "rejected"));
      }
      if (chosen.equals(rejected)) {
        throw new IllegalArgumentException(
            "the chosen and the rejected answer must differ: chosen='%s'"
                .formatted(chosen.substring(0, Math.min(40, chosen.length()))));
      }
    }
  }

  /// Texts that begin alike and have their turns written in them: they are encoded as they are,
  /// with no template, whatever the form of other texts.
  record Transcript(String prompt, String chosen, String rejected) implements PreferenceExample {
    public Transcript {
      Text.check(chosen, rejected);
      if (prompt.isEmpty()) {
        throw new IllegalArgumentException(
            "chosen and rejected begin alike where a row has no prompt: their first characters differ; add the field prompt");
      }
    }

    /// Two texts parted where they differ, before a space there; where one begins the other, before
    /// its last character.
    ///
    /// Source: TRL 1.16, `extract_prompt`.
    static Transcript of(String chosen, String rejected) {
      Text.check(chosen, rejected);
      int[] one = chosen.codePoints().toArray();
      int[] other = rejected.codePoints().toArray();
      int last = Math.min(one.length, other.length) - 1;
      int parted = 0;
      while (parted < last && one[parted] == other[parted]) {
        parted++;
      }
      boolean differ = one[parted] != other[parted];
      parted -= differ && parted > 0 && one[parted - 1] == ' ' ? 1 : 0;
      int border = chosen.offsetByCodePoints(0, parted);
      return new Transcript(
          chosen.substring(0, border), chosen.substring(border), rejected.substring(border));
    }
  }

  /// Messages and tools as chat templates take them.
  record Chat(
      List<Map<String, Object>> prompt,
      List<Map<String, Object>> chosen,
      List<Map<String, Object>> rejected,
      List<Map<String, Object>> tools)
      implements PreferenceExample {
    /// A chat without tools.
    public Chat(
        List<Map<String, Object>> prompt,
        List<Map<String, Object>> chosen,
        List<Map<String, Object>> rejected) {
      this(prompt, chosen, rejected, List.of());
    }

    public Chat {
      tools = List.copyOf(tools);
      prompt = List.copyOf(prompt);
      chosen = List.copyOf(chosen);
      rejected = List.copyOf(rejected);
      if (chosen.equals(rejected)) {
        throw new IllegalArgumentException("the chosen and the rejected answer must differ");
      }
      checkSaid("chosen", chosen);
      checkSaid("rejected", rejected);
    }

    private static void checkSaid(String name, List<Map<String, Object>> answer) {
      if (answer.stream().allMatch(m -> "".equals(m.get("content")) && m.size() == 2)) {
        throw new IllegalArgumentException(
            "an answer is not empty: %s has no text in its %d messages"
                .formatted(name, answer.size()));
      }
    }
  }

  /// Reads `prompt`, `chosen` and `rejected`, texts or lists of messages. Without a prompt, the
  /// common beginning of both answers is the prompt. Messages may have `tools`. A `question`, an
  /// `instruction` with its `input`, and `messages` next to the answers are prompts too; `system`
  /// and `history` are put before them.
  ///
  /// @throws IllegalArgumentException if a field is missing, an answer is empty, or the answers are
  ///   equal
  static PreferenceExample of(Row row) {
    if (!row.has("chosen") || !row.has("rejected")) {
      throw new IllegalArgumentException(
          "a row has chosen and rejected, and a prompt where they are texts: the fields are "
              + row.fields().propertyNames());
    }
    Messages.checkMasks(row);
    return row.isText("chosen") ? ofTexts(row) : ofMessages(row);
  }

  private static PreferenceExample ofTexts(Row row) {
    String chosen = row.text("chosen");
    String rejected = row.text("rejected");
    Optional<String> asked = asked(row);
    boolean alone = Messages.system(row).isEmpty() && Messages.history(row).isEmpty();
    if (asked.isPresent() && alone) {
      return new Text(asked.get(), chosen, rejected);
    }
    if (asked.isEmpty() && conversation(row).isEmpty()) {
      return Transcript.of(chosen, rejected);
    }
    Text.check(chosen, rejected);
    return chat(
        row,
        prompt(row),
        List.of(Messages.turn("assistant", chosen)),
        List.of(Messages.turn("assistant", rejected)));
  }

  /// The text with which a row asks.
  private static Optional<String> asked(Row row) {
    if (row.has("prompt")) {
      return Optional.of("prompt").filter(row::isText).map(row::text);
    }
    if (row.has("question")) {
      return Optional.of(row.text("question"));
    }
    return row.has("instruction") ? Optional.of(SftExample.instruction(row)) : Optional.empty();
  }

  /// The field with the messages with which a row asks.
  private static Optional<String> conversation(Row row) {
    return Stream.of("prompt", "messages", "conversations")
        .filter(row::has)
        .findFirst()
        .filter(field -> !row.isText(field));
  }

  private static List<Map<String, Object>> prompt(Row row) {
    List<Map<String, Object>> prompt = new ArrayList<>(Messages.history(row));
    asked(row).ifPresent(text -> prompt.add(Messages.turn("user", text)));
    if (asked(row).isEmpty()) {
      conversation(row).ifPresent(field -> prompt.addAll(Messages.of(row, field)));
    }
    return prompt;
  }

  private static PreferenceExample ofMessages(Row row) {
    var chosen = Messages.of(row, "chosen");
    var rejected = Messages.of(row, "rejected");
    var prompt = prompt(row);
    int shared = shared(chosen, rejected);
    boolean asks = chosen.stream().limit(shared).anyMatch(m -> "user".equals(m.get("role")));
    if (prompt.isEmpty() || (asks && asked(row).isPresent())) {
      return chat(
          row,
          chosen.subList(0, shared),
          chosen.subList(shared, chosen.size()),
          rejected.subList(shared, rejected.size()));
    }
    int repeated = repeated(prompt, chosen);
    if (repeated != repeated(prompt, rejected)) {
      throw new IllegalArgumentException(
          "both answers of a pair repeat its prompt, or none does: %s does alone; remove the prompt from it"
              .formatted(repeated > 0 ? "chosen" : "rejected"));
    }
    return chat(
        row,
        prompt,
        chosen.subList(repeated, chosen.size()),
        rejected.subList(repeated, rejected.size()));
  }

  /// The number of messages that both begin with, at most all but the last of the shorter.
  private static int shared(List<Map<String, Object>> one, List<Map<String, Object>> other) {
    int shared = 0;
    while (shared < Math.min(one.size(), other.size()) - 1
        && one.get(shared).equals(other.get(shared))) {
      shared++;
    }
    return shared;
  }

  /// The number of messages of an answer that repeat the prompt, with or without the system
  /// message.
  private static int repeated(List<Map<String, Object>> prompt, List<Map<String, Object>> answer) {
    boolean system = "system".equals(prompt.getFirst().get("role"));
    return Stream.of(prompt, prompt.subList(system ? 1 : 0, prompt.size()))
        .filter(beginning -> !beginning.isEmpty() && beginning.size() < answer.size())
        .filter(beginning -> answer.subList(0, beginning.size()).equals(beginning))
        .findFirst()
        .map(List::size)
        .orElse(0);
  }

  private static Chat chat(
      Row row,
      List<Map<String, Object>> prompt,
      List<Map<String, Object>> chosen,
      List<Map<String, Object>> rejected) {
    if (Stream.concat(chosen.stream(), rejected.stream()).anyMatch(Messages::isContext)) {
      throw new IllegalArgumentException(
          "the answers of a pair are learned: a message of one has weight=0; remove the weight");
    }
    return new Chat(
        unweighted(Messages.withSystem(row, prompt)),
        unweighted(chosen),
        unweighted(rejected),
        SftExample.tools(row));
  }

  private static List<Map<String, Object>> unweighted(List<Map<String, Object>> messages) {
    List<Map<String, Object>> result = new ArrayList<>();
    for (Map<String, Object> message : messages) {
      Map<String, Object> fields = new LinkedHashMap<>(message);
      fields.remove(Messages.WEIGHT);
      result.add(fields);
    }
    return result;
  }
}
