package dev.burnish.env.code;

import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Language;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The tests of a problem, which its target holds as JSON:
///
/// ```json
/// {"language": "python", "tests": [
///   {"stdin": "1 2\n", "stdout": "3\n"},
///   {"function": "add", "arguments": [1, 2], "result": 3}]}
/// ```
public record CodeTests(Language language, List<CodeTest> tests) {
  public CodeTests {
    tests = List.copyOf(tests);
    if (tests.isEmpty()) {
      throw new IllegalArgumentException("a problem must have a test: tests=0");
    }
    if (language != Language.PYTHON && tests.stream().anyMatch(CodeTest.Call.class::isInstance)) {
      throw new IllegalArgumentException(
          "functions are called in Python only: language=%s; test by input and output"
              .formatted(language));
    }
  }

  /// The tests of a target.
  ///
  /// @throws IllegalArgumentException if it is not of the form
  public static CodeTests parse(String target) {
    try {
      JsonNode root = JsonMapper.shared().readTree(target);
      List<CodeTest> tests = new ArrayList<>();
      root.path("tests").forEach(test -> tests.add(test(test)));
      String language = root.path("language").asString("python");
      return new CodeTests(Language.valueOf(language.toUpperCase(Locale.ROOT)), tests);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a target must be JSON with language and tests: target=" + shortened(target), e);
    }
  }

  private static CodeTest test(JsonNode test) {
    if (test.has("stdin") && test.has("stdout")) {
      return new CodeTest.InputOutput(test.get("stdin").asString(), test.get("stdout").asString());
    }
    if (test.has("function") && test.path("arguments").isArray() && test.has("result")) {
      return new CodeTest.Call(
          test.get("function").asString(),
          test.get("arguments").toString(),
          test.get("result").toString());
    }
    throw new IllegalArgumentException(
        "a test must have stdin and stdout, or function, arguments and result: test="
            + shortened(test.toString()));
  }

  /// The target that [#parse] reads.
  public String target() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("language", language.name().toLowerCase(Locale.ROOT));
    for (CodeTest test : tests) {
      ObjectNode node = root.withArray("tests").addObject();
      switch (test) {
        case CodeTest.InputOutput(String stdin, String stdout) ->
            node.put("stdin", stdin).put("stdout", stdout);
        case CodeTest.Call(String function, String arguments, String result) -> {
          node.put("function", function);
          node.set("arguments", JsonMapper.shared().readTree(arguments));
          node.set("result", JsonMapper.shared().readTree(result));
        }
      }
    }
    return root.toString();
  }

  /// Tests whose right answers are those of a reference solution.
  ///
  /// @param inputs of standard input
  /// @throws IllegalArgumentException if the reference does not exit with 0 for one of them
  /// @throws SandboxLost if sandboxes failed
  public static CodeTests ofReference(
      SandboxedCoder coder, Program reference, List<String> inputs, Limits limits) {
    List<CodeTest> tests = new ArrayList<>();
    for (String input : inputs) {
      Execution execution = TestRun.execute(coder, reference.withStdin(input), limits);
      if (!execution.succeeded()) {
        throw new IllegalArgumentException(
            "a reference solution must exit with 0: input=%s it %s; %s"
                .formatted(
                    shortened(input),
                    execution.ending().describe(),
                    shortened(execution.stderr().strip())));
      }
      tests.add(new CodeTest.InputOutput(input, execution.stdout()));
    }
    return new CodeTests(reference.language(), tests);
  }

  private static String shortened(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
