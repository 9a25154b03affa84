package dev.burnish.mcp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A small server of the protocol, good or hostile, over standard input and output. In plain Java,
/// so that its process needs nothing on its class path.
final class FakeServer {
  private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\"|[0-9]+)");
  private static final Pattern METHOD = Pattern.compile("\"method\":\"([^\"]*)\"");
  private static final Pattern CALLED = Pattern.compile("\"name\":\"([a-z]+)\"");
  private static final Pattern VALUE = Pattern.compile("\"text\":\"([^\"]*)\"");
  private static final String TOOLS =
      """
      {"tools": [
        {"name": "echo", "description": "Says it again", "inputSchema": {"type": "object",
         "properties": {"text": {"type": "string"}}, "required": ["text"]}},
        {"name": "fail", "inputSchema": {"type": "object"}},
        {"name": "refuse", "inputSchema": {"type": "object"}},
        {"name": "image", "inputSchema": {"type": "object"}},
        {"name": "hang", "inputSchema": {"type": "object"}},
        {"name": "die", "inputSchema": {"type": "object"}},
        {"name": "huge", "inputSchema": {"type": "object"}},
        {"name": "garbage", "inputSchema": {"type": "object"}},
        {"name": "flood", "inputSchema": {"type": "object"}},
        {"name": "variables", "inputSchema": {"type": "object"}}]}\
      """;

  private FakeServer() {}

  /// The command that starts it.
  static String[] command(String... arguments) {
    String classes = FakeServer.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return Stream.concat(
            Stream.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                classes,
                FakeServer.class.getName()),
            List.of(arguments).stream())
        .toArray(String[]::new);
  }

  /// @param arguments how it begins: `silent`, `noisy`, `many`
  public static void main(String[] arguments) throws Exception {
    String kind = arguments.length == 0 ? "" : arguments[0];
    System.err.println("a server of kind " + kind);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (kind.equals("noisy")) {
      for (int i = 0; i < 50; i++) {
        out.println("starting... {");
      }
    }
    if (kind.equals("silent")) {
      new CountDownLatch(1).await();
    }
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      answer(line, kind, out);
    }
  }

  private static void answer(String line, String kind, PrintStream out) throws Exception {
    if (method(line).equals("tools/call")) {
      misbehave(find(CALLED, line).orElse(""), out);
    }
    Optional<String> answer = response(line, kind);
    answer.ifPresent(out::println);
  }

  private static void misbehave(String tool, PrintStream out) throws Exception {
    switch (tool) {
      case "hang" -> new CountDownLatch(1).await();
      case "die" -> Runtime.getRuntime().halt(3);
      case "huge" -> {
        while (true) {
          out.print("x".repeat(1 << 16));
        }
      }
      case "garbage" -> {
        while (true) {
          out.println("no message");
        }
      }
      case "flood" -> {
        while (true) {
          out.println("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}");
        }
      }
      default -> {}
    }
  }

  private static String method(String line) {
    return find(METHOD, line).orElse("");
  }

  /// The answer to a message; none to a notification.
  static Optional<String> response(String line, String kind) throws IOException {
    Optional<String> result =
        switch (method(line)) {
          case "initialize" ->
              Optional.of(
                  "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"fake\",\"version\":\"1\"}}");
          case "tools/list" ->
              Optional.of(
                  kind.equals("many")
                      ? "{\"tools\":[{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\"}}],\"nextCursor\":\"more\"}"
                      : TOOLS.replace("\n", " "));
          case "tools/call" -> Optional.of(called(line));
          case "ping" -> Optional.of("{}");
          default -> Optional.empty();
        };
    Optional<String> id = find(ID, line);
    if (id.isEmpty() || result.isEmpty()) {
      return Optional.empty();
    }
    String member = result.get().startsWith("!") ? "error" : "result";
    return Optional.of(
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"%s\":%s}"
            .formatted(id.get(), member, result.get().replaceFirst("^!", "")));
  }

  private static String called(String line) {
    return switch (find(CALLED, line).orElse("")) {
      case "echo" -> content(find(VALUE, line).orElse("?"), false);
      case "fail" -> content("it did not work", true);
      case "refuse" -> "!{\"code\":-32602,\"message\":\"refused by the server\"}";
      case "image" ->
          "{\"content\":[{\"type\":\"image\",\"data\":\"AAAA\",\"mimeType\":\"image/png\"},{\"type\":\"text\",\"text\":\"a picture\"}]}";
      case "variables" -> content(String.join(" ", System.getenv().keySet()), false);
      default -> content("done", false);
    };
  }

  private static String content(String text, boolean isError) {
    return "{\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],\"isError\":%b}"
        .formatted(text, isError);
  }

  private static Optional<String> find(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
