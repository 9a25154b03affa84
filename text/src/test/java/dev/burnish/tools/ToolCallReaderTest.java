package dev.burnish.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.text.ChatTemplate;
import dev.burnish.tools.ToolPart.Call;
import dev.burnish.tools.ToolPart.Text;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.json.JsonMapper;

class ToolCallReaderTest {
  private static final int RUNS = Integer.getInteger("burnish.fuzz", 3_000);
  private static final String WEATHER =
      "{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}";
  private static final Call CALL = new Call(new ToolCall("weather", "{\"city\": \"Bern\"}"));
  private static final List<String> FRAGMENTS =
      List.of(
          "<tool_call>",
          "</tool_call>",
          "[TOOL_CALLS]",
          "<|python_tag|>",
          "{",
          "}",
          "[",
          "]",
          "\"",
          "\\",
          "\\\"",
          ",",
          ";",
          ":",
          " ",
          "\n",
          "name",
          "arguments",
          "{\"name\": ",
          "}}",
          "<",
          "é",
          "\uD83D\uDE00",
          "\uD83D",
          "x",
          "null",
          "1e5");

  private static List<ToolPart> read(ToolFormat format, List<String> pieces) {
    ToolCallReader reader = new ToolCallReader(format);
    List<ToolPart> parts = new ArrayList<>();
    pieces.forEach(piece -> parts.addAll(reader.append(piece)));
    parts.addAll(reader.finish());
    return joined(parts);
  }

  private static List<ToolPart> joined(List<ToolPart> parts) {
    List<ToolPart> result = new ArrayList<>();
    for (ToolPart part : parts) {
      if (part instanceof Text(String more)
          && !result.isEmpty()
          && result.getLast() instanceof Text(String text)) {
        result.set(result.size() - 1, new Text(text + more));
      } else {
        result.add(part);
      }
    }
    return result;
  }

  private static List<String> cut(String text, Random random) {
    List<String> pieces = new ArrayList<>();
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + 1 + random.nextInt(1 + random.nextInt(12)));
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }

  private static String fragments(Random random, int most) {
    return IntStream.range(0, random.nextInt(most))
        .mapToObj(_ -> FRAGMENTS.get(random.nextInt(FRAGMENTS.size())))
        .collect(Collectors.joining());
  }

  private static Object value(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 6)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextGaussian();
      case 2 -> random.nextBoolean();
      case 3 -> fragments(random, 8);
      case 4 ->
          IntStream.range(0, random.nextInt(3)).mapToObj(_ -> value(random, depth - 1)).toList();
      default -> object(random, depth - 1);
    };
  }

  private static Object object(Random random, int depth) {
    return IntStream.range(0, random.nextInt(4))
        .boxed()
        .collect(Collectors.toMap(i -> i + fragments(random, 3), _ -> value(random, depth)));
  }

  private static ToolCall call(Random random) {
    return new ToolCall(
        "f" + fragments(random, 3), JsonMapper.shared().writeValueAsString(object(random, 3)));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsRenderedIsReadHoweverItIsCut(ToolFormat format) {
    for (int seed = 0; seed < RUNS; seed++) {
      Random random = new Random(seed);
      List<ToolCall> calls =
          IntStream.rangeClosed(0, random.nextInt(4)).mapToObj(_ -> call(random)).toList();
      String text = format.render(calls);
      List<ToolPart> expected = calls.stream().<ToolPart>map(Call::new).toList();
      assertThat(format.parse(text)).as("seed %d: %s", seed, text).isEqualTo(expected);
      assertThat(read(format, cut(text, random))).as("seed %d: %s", seed, text).isEqualTo(expected);
    }
  }

  /// White space between the tokens of JSON, characters as escapes, arguments as a text.
  private static String written(ToolCall call, String arguments, Random random) {
    JsonMapper json = JsonMapper.shared();
    String object =
        random.nextInt(3) == 0
            ? json.writeValueAsString(call.arguments())
            : spaced(call.arguments(), random);
    String name = escaped(json.writeValueAsString(call.name()), random);
    List<String> members = new ArrayList<>();
    members.add("\"name\" : " + name);
    members.add("\"" + arguments + "\": " + object);
    if (random.nextBoolean()) {
      members.add("\"id\": " + json.writeValueAsString(object(random, 2)));
    }
    Collections.shuffle(members, random);
    return "{" + String.join(" ,\n ", members) + "}";
  }

  private static String spaced(String object, Random random) {
    return random.nextBoolean()
        ? object
        : JsonMapper.shared()
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(JsonMapper.shared().readTree(object));
  }

  /// Letters as `\\u0041`.
  private static String escaped(String text, Random random) {
    return text.chars()
        .mapToObj(c ->
            c >= 'a'
                    && c <= 'z'
                    && c != 'n'
                    && c != 'u'
                    && c != 't'
                    && c != 'b'
                    && c != 'r'
                    && random.nextInt(4) == 0
                ? "\\u%04x".formatted(c)
                : "" + (char) c)
        .collect(Collectors.joining());
  }

  /// The marks of a format, closed or not, once or twice.
  private static String marked(ToolFormat format, List<String> objects, Random random) {
    return switch (format) {
      case HERMES ->
          objects.stream()
              .map(object -> "<tool_call>" + object + "</tool_call>".repeat(random.nextInt(2)))
              .collect(Collectors.joining("\n".repeat(random.nextInt(2))));
      case LLAMA3 ->
          (random.nextBoolean() ? "<|python_tag|>" : " ")
              + String.join(random.nextBoolean() ? ";" : " ; ", objects);
      case MISTRAL ->
          (random.nextBoolean() ? "[TOOL_CALLS] " : "")
              + "["
              + String.join(",", objects)
              + "]".repeat(random.nextInt(2));
      case JSON ->
          objects.size() == 1
              ? objects.getFirst()
              : "[" + String.join(" , ", objects) + "]".repeat(random.nextInt(2));
    };
  }

  private static Object meaning(ToolPart part) {
    ToolCall call = ((Call) part).call();
    return List.of(call.name(), JsonMapper.shared().readTree(call.arguments()));
  }

  /// Not as we write calls, but as models do: members in any order and others among them, escapes,
  /// white space, arguments as a text, marks that are missing.
  @ParameterizedTest
  @EnumSource
  void callsAreReadInWhateverWayTheirJsonIsWrittenAndClosed(ToolFormat format) {
    for (int seed = 0; seed < RUNS; seed++) {
      Random random = new Random(seed);
      List<ToolCall> calls =
          IntStream.rangeClosed(0, random.nextInt(4)).mapToObj(_ -> call(random)).toList();
      String arguments = random.nextBoolean() ? "arguments" : "parameters";
      String text =
          marked(
              format,
              calls.stream().map(call -> written(call, arguments, random)).toList(),
              random);
      List<Object> expected =
          calls.stream().map(Call::new).map(ToolCallReaderTest::meaning).toList();
      List<ToolPart> parts = read(format, cut(text, random));
      assertThat(parts).as("seed %d: %s", seed, text).allMatch(Call.class::isInstance);
      assertThat(parts.stream().map(ToolCallReaderTest::meaning))
          .as("seed %d: %s", seed, text)
          .isEqualTo(expected);
    }
  }

  /// A text with a doubled mark before a call: the call is read, and the mark is text.
  @Test
  void doubledMarksLoseNoCall() {
    String call = "<tool_call>" + WEATHER + "</tool_call>";
    assertThat(ToolFormat.HERMES.parse("<tool_call>\n" + call))
        .containsExactly(new Text("<tool_call>"), CALL);
    assertThat(ToolFormat.HERMES.parse(call + "</tool_call>" + call))
        .containsExactly(CALL, new Text("</tool_call>"), CALL);
    assertThat(ToolFormat.MISTRAL.parse("[TOOL_CALLS][TOOL_CALLS][" + WEATHER + "]"))
        .containsExactly(new Text("[TOOL_CALLS]"), CALL);
    assertThat(ToolFormat.LLAMA3.parse("<|python_tag|><|python_tag|>" + WEATHER + ";;" + WEATHER))
        .containsExactly(new Text("<|python_tag|>"), CALL, CALL);
  }

  /// No text is lost: what is no call is there, and every attempt is a call or told.
  @ParameterizedTest
  @EnumSource
  void everyCallOfAnyTextIsAnAttempt(ToolFormat format) {
    for (int seed = 0; seed < RUNS; seed++) {
      Random random = new Random(seed);
      String text =
          fragments(random, 10) + format.render(List.of(call(random))) + fragments(random, 10);
      List<ToolCall> calls =
          format.parse(text).stream()
              .filter(Call.class::isInstance)
              .map(part -> ((Call) part).call())
              .toList();
      List<ToolCall> attempted =
          format.attempts(text).stream()
              .filter(ToolAttempt.Call.class::isInstance)
              .map(attempt -> ((ToolAttempt.Call) attempt).call())
              .toList();
      assertThat(attempted).as("seed %d: %s", seed, text).isEqualTo(calls);
    }
  }

  /// Fragments that end in the middle of everything, with calls between them.
  @ParameterizedTest
  @EnumSource
  void anyTextIsReadTheSameHoweverItIsCutAndWithoutCallsStaysAsItIs(ToolFormat format) {
    int calls = 0;
    for (int seed = 0; seed < RUNS; seed++) {
      Random random = new Random(seed);
      String text =
          (random.nextBoolean() ? "" : fragments(random, 12))
              + (random.nextInt(3) == 0 ? format.render(List.of(call(random))) : "")
              + fragments(random, 12)
              + (random.nextInt(3) == 0 ? format.render(List.of(call(random), call(random))) : "")
              + fragments(random, 6);
      text = text.substring(0, text.length() - random.nextInt(1 + text.length() / 3));
      List<ToolPart> parts = format.parse(text);
      assertThat(read(format, cut(text, random))).as("seed %d: %s", seed, text).isEqualTo(parts);
      if (parts.stream().noneMatch(Call.class::isInstance)) {
        assertThat(parts)
            .as("seed %d", seed)
            .isEqualTo(text.isEmpty() ? List.of() : List.of(new Text(text)));
      } else {
        calls++;
      }
    }
    assertThat(calls).isGreaterThan(RUNS / 20);
  }

  @Test
  void textsAndCallsOfHermesComeInTheirOrder() {
    String call = "<tool_call>\n" + WEATHER + "\n</tool_call>";
    assertThat(ToolFormat.HERMES.parse("Let me look.\n\n" + call + "\n" + call + "\nSo.\n"))
        .containsExactly(new Text("Let me look."), CALL, CALL, new Text("So.\n"));
  }

  @Test
  void aCallEndsWithItsObjectAndNotAtTheFirstClosingTag() {
    String object =
        "{\"name\": \"write\", \"arguments\": {\"text\": \"a </tool_call> \\\"}\\\\\"}}";
    ToolPart expected = new Call(new ToolCall("write", "{\"text\": \"a </tool_call> \\\"}\\\\\"}"));
    assertThat(ToolFormat.HERMES.parse("<tool_call>" + object + "</tool_call>"))
        .containsExactly(expected);
    assertThat(ToolFormat.HERMES.parse("<tool_call>" + object)).containsExactly(expected);
    assertThat(ToolFormat.HERMES.parse("<tool_call>" + object + "</tool_"))
        .containsExactly(expected);
    assertThat(ToolFormat.HERMES.parse("<tool_call>" + object + "</tool_x"))
        .containsExactly(expected, new Text("</tool_x"));
    assertThat(ToolFormat.HERMES.parse("<tool_call>" + object + WEATHER + "</tool_call>"))
        .containsExactly(expected, CALL);
  }

  @Test
  void whatIsMalformedIsTextAndHidesNoOtherCall() {
    String call = "<tool_call>" + WEATHER + "</tool_call>";
    for (String broken :
        List.of(
            "<tool_call>",
            "<tool_call>\n",
            "<tool_call>{\"name\": \"f\"",
            "<tool_call>{\"name\": \"f\"}</tool_call>",
            "<tool_call>{\"name\": \"\", \"arguments\": {}}",
            "<tool_call>{\"name\": 3, \"arguments\": {}}",
            "<tool_call>{\"name\": \"f\", \"arguments\": [1]}",
            "<tool_call>{\"name\": \"f\", \"arguments\": \"{\"}",
            "<tool_call>{'name': 'f', 'arguments': {}}",
            "<tool_call>[1]",
            "</tool_call>",
            "{\"name\": \"f\", \"arguments\": {}}")) {
      assertThat(ToolFormat.HERMES.parse(broken)).containsExactly(new Text(broken));
      assertThat(ToolFormat.HERMES.parse(broken + call))
          .as(broken)
          .containsExactly(new Text(broken.strip()), CALL);
    }
    String deep = "{\"name\": \"f\", \"arguments\": {\"a\": " + "[".repeat(100_000);
    assertThat(ToolFormat.JSON.parse(deep)).containsExactly(new Text(deep));
  }

  @Test
  void argumentsMayBeATextThatIsAnObject() {
    assertThat(
            ToolFormat.JSON.parse(
                "{\"id\": {\"x\": []}, \"arguments\": \" {\\\"a\\\": 1}\", \"name\": \"f\"}"))
        .containsExactly(new Call(new ToolCall("f", "{\"a\": 1}")));
  }

  @Test
  void callsOfTheOtherFormatsBeginTheTextOrFollowTheirMarker() {
    String llama = "{\"name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}";
    assertThat(ToolFormat.LLAMA3.parse(llama + "; " + llama)).containsExactly(CALL, CALL);
    assertThat(ToolFormat.LLAMA3.parse("Hm. <|python_tag|>" + llama))
        .containsExactly(new Text("Hm."), CALL);
    assertThat(ToolFormat.LLAMA3.parse("Hm. " + llama)).containsExactly(new Text("Hm. " + llama));
    assertThat(ToolFormat.MISTRAL.parse("[TOOL_CALLS] [" + WEATHER + "," + WEATHER + "]"))
        .containsExactly(CALL, CALL);
    assertThat(ToolFormat.MISTRAL.parse(" [" + WEATHER + ", {\"a\": 1}]"))
        .containsExactly(CALL, new Text(", {\"a\": 1}]"));
    assertThat(ToolFormat.MISTRAL.parse("[1]")).containsExactly(new Text("[1]"));
    assertThat(ToolFormat.JSON.parse("[" + WEATHER + "]\nDone"))
        .containsExactly(CALL, new Text("Done"));
    assertThat(ToolFormat.JSON.parse("{\"answer\": 3}"))
        .containsExactly(new Text("{\"answer\": 3}"));
  }

  @Test
  void textIsGivenOutAsSoonAsItCannotBeACall() {
    ToolCallReader reader = new ToolCallReader(ToolFormat.HERMES);
    assertThat(reader.append("a <b> ")).containsExactly(new Text("a <b>"));
    assertThat(reader.append("c\n<tool")).containsExactly(new Text(" c"));
    assertThat(reader.append("box>")).containsExactly(new Text("\n<toolbox>"));
    assertThat(reader.append("<tool_call>{\"name\": \"f\", \"arguments\": {}")).isEmpty();
    assertThat(reader.append("}")).containsExactly(new Call(new ToolCall("f", "{}")));
    assertThat(reader.append("</tool_call>\n ")).isEmpty();
    assertThat(reader.finish()).isEmpty();
  }

  @Test
  void theFormatOfAModelIsThatOfItsTemplate() {
    assertThat(ToolFormat.of(ChatTemplate.of("{{ tools }} <tool_call>")))
        .contains(ToolFormat.HERMES);
    assertThat(ToolFormat.of(ChatTemplate.of("{{ tools }} [TOOL_CALLS]")))
        .contains(ToolFormat.MISTRAL);
    assertThat(ToolFormat.of(ChatTemplate.of("{{ tools }} \"parameters\"")))
        .contains(ToolFormat.LLAMA3);
    assertThat(ToolFormat.of(ChatTemplate.of("{{ tools }}"))).contains(ToolFormat.JSON);
    assertThat(ToolFormat.of(ChatTemplate.of("{{ messages }}"))).isEmpty();
  }

  @Test
  void aCallHasANameAndAnObject() {
    assertThatThrownBy(() -> new ToolCall("", "{}")).hasMessageContaining("name=");
    for (String wrong :
        List.of("", "[]", "{", "{}{}", "1", "{\"a\": NaN}", "{\"a\": }", "{\"a\":1,}", "{,}")) {
      assertThatThrownBy(() -> new ToolCall("f", wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("arguments=" + wrong);
    }
    assertThat(new ToolCall("f", " {} ").arguments()).isEqualTo("{}");
  }
}
