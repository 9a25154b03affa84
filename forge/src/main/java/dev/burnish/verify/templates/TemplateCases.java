package dev.burnish.verify.templates;

import dev.burnish.jinja.JinjaTemplate;
import dev.burnish.jinja.Limits;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.text.TokenizerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Chat templates with inputs and their output from Jinja2, to prove that our engine does the same.
/// The file is a list of objects with `name`, `chat_template`, `data` (the variables), and
/// `expected` (the text) or `expected_error` (Jinja2 refuses).
public final class TemplateCases {
  private static final int SHOWN = 40;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /// One case.
  ///
  /// @param expected the text, absent where an error is expected
  /// @param expectedError the message with which Jinja2 refuses
  public record Case(
      String name,
      String template,
      Map<String, Object> data,
      Optional<String> expected,
      Optional<String> expectedError) {}

  /// The result of a case.
  ///
  /// @param expected the text or error that was recorded
  /// @param actual the text or error that our engine gave
  /// @param difference where they part, empty if the case passed
  public record Result(
      String name, boolean passed, String expected, String actual, String difference) {}

  private TemplateCases() {}

  /// Reads a file of cases.
  ///
  /// @throws TokenizerException if the file is missing or has another form
  public static List<Case> read(Path file) {
    JsonNode root;
    try {
      root = MAPPER.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new TokenizerException("cannot read file=%s: %s".formatted(file, e), e);
    } catch (JacksonException e) {
      throw new TokenizerException(
          "file=%s is no JSON: %s".formatted(file, e.getOriginalMessage()), e);
    }
    if (!root.isArray()) {
      throw new TokenizerException("file=%s must hold a list of cases".formatted(file));
    }
    List<Case> cases = new ArrayList<>();
    for (JsonNode node : root) {
      cases.add(read(node, "case %d of file=%s".formatted(cases.size(), file)));
    }
    return cases;
  }

  private static Case read(JsonNode node, String where) {
    JsonNode template = node.path("chat_template");
    JsonNode data = node.path("data");
    Optional<String> expected = text(node.path("expected"));
    Optional<String> error = text(node.path("expected_error"));
    if (!template.isString() || !data.isObject() || expected.isPresent() == error.isPresent()) {
      throw new TokenizerException(
          where
              + " must have chat_template (string), data (object) and expected or expected_error (string)");
    }
    return new Case(
        node.path("name").asString(where),
        template.stringValue(),
        MAPPER.convertValue(data, new TypeReference<Map<String, Object>>() {}),
        expected,
        error);
  }

  private static Optional<String> text(JsonNode node) {
    return node.isString() ? Optional.of(node.stringValue()) : Optional.empty();
  }

  /// Renders every case of a file and compares.
  public static List<Result> verify(Path file) {
    return read(file).stream().map(TemplateCases::verify).toList();
  }

  /// Renders one case and compares.
  public static Result verify(Case example) {
    String text;
    try {
      text =
          JinjaTemplate.parse(example.template())
              .render(example.data(), Limits.defaults(), Clock.system(ZoneId.systemDefault()))
              .text();
    } catch (JinjaException e) {
      boolean asExpected = example.expectedError().isPresent() && !e.type().equals("LimitExceeded");
      return result(example, asExpected, e.getMessage());
    }
    return result(example, example.expected().filter(text::equals).isPresent(), text);
  }

  private static Result result(Case example, boolean passed, String actual) {
    String expected = example.expected().or(example::expectedError).orElse("");
    return new Result(
        example.name(), passed, expected, actual, passed ? "" : difference(expected, actual));
  }

  private static String difference(String expected, String actual) {
    int at = 0;
    while (at < Math.min(expected.length(), actual.length())
        && expected.charAt(at) == actual.charAt(at)) {
      at++;
    }
    return "at character %d: expected '%s', got '%s'"
        .formatted(at, excerpt(expected, at), excerpt(actual, at));
  }

  private static String excerpt(String text, int at) {
    String part = text.substring(at, Math.min(text.length(), at + SHOWN));
    return part.replace("\n", "\\n");
  }
}
