package dev.burnish.env.code;

import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Language;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// One program under tests, each in a sandbox of its own.
record TestRun(SandboxedCoder coder, Language language, String code, Limits limits) {
  /// Executions of a test before its sandbox counts as lost.
  private static final int TRIES = 3;

  private static final double TOLERANCE = 1e-9;
  private static final String RESULT = "\u0001result ";
  private static final String CALLER = caller();

  /// Whether the program passes a test.
  ///
  /// @throws SandboxLost if sandboxes failed
  boolean passes(CodeTest test) {
    return switch (test) {
      case CodeTest.InputOutput(String stdin, String stdout) -> {
        Execution execution = execute(coder, new Program(language, code, stdin), limits);
        yield execution.succeeded() && isSameText(execution.stdout(), stdout);
      }
      case CodeTest.Call call -> {
        Execution execution = execute(coder, caller(call), limits);
        yield execution.succeeded()
            && result(execution.stdout())
                .filter(got -> isSame(got, read(call.result())))
                .isPresent();
      }
    };
  }

  /// Runs a program again whose sandbox was lost.
  ///
  /// @throws SandboxLost if all were
  static Execution execute(SandboxedCoder coder, Program program, Limits limits) {
    Execution execution = coder.execute(program, limits);
    for (int i = 1; i < TRIES && execution.ending() instanceof Ending.Lost; i++) {
      execution = coder.execute(program, limits);
    }
    if (execution.ending() instanceof Ending.Lost(String reason)) {
      throw new SandboxLost(
          "a sandbox must say how its program ended: tries=%d (%s)".formatted(TRIES, reason));
    }
    return execution;
  }

  private Program caller(CodeTest.Call call) {
    ObjectNode job = JsonMapper.shared().createObjectNode();
    job.put("code", code).put("function", call.function()).put("mark", RESULT);
    job.set("arguments", read(call.arguments()));
    return new Program(Language.PYTHON, CALLER, job + "\n");
  }

  private static JsonNode read(String json) {
    return JsonMapper.shared().readTree(json);
  }

  /// The value that the function returned, among all that the program has printed.
  private static Optional<JsonNode> result(String stdout) {
    List<String> lines = stdout.lines().toList();
    if (lines.isEmpty() || !lines.getLast().startsWith(RESULT)) {
      return Optional.empty();
    }
    try {
      return Optional.of(read(lines.getLast().substring(RESULT.length())));
    } catch (JacksonException e) {
      return Optional.empty(); // such as NaN
    }
  }

  static boolean isSame(JsonNode got, JsonNode expected) {
    if (got.isNumber() && expected.isNumber()) {
      double difference = Math.abs(got.asDouble() - expected.asDouble());
      return got.equals(expected)
          || difference <= TOLERANCE * Math.max(1, Math.abs(expected.asDouble()));
    }
    if (got.isArray() && expected.isArray()) {
      return got.size() == expected.size() && allSame(got.iterator(), expected.iterator());
    }
    if (got.isObject() && expected.isObject()) {
      return got.size() == expected.size()
          && expected.properties().stream()
              .allMatch(each -> isSame(got.path(each.getKey()), each.getValue()));
    }
    return got.equals(expected);
  }

  private static boolean allSame(Iterator<JsonNode> got, Iterator<JsonNode> expected) {
    while (got.hasNext() && expected.hasNext()) {
      if (!isSame(got.next(), expected.next())) {
        return false;
      }
    }
    return true;
  }

  static boolean isSameText(String got, String expected) {
    return lines(got).equals(lines(expected));
  }

  private static List<String> lines(String text) {
    return text.strip().lines().map(String::stripTrailing).toList();
  }

  private static String caller() {
    try (InputStream file = Objects.requireNonNull(TestRun.class.getResourceAsStream("call.py"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
