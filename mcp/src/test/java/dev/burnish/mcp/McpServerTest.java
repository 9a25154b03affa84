package dev.burnish.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.burnish.tools.ArgumentsRefused;
import dev.burnish.tools.ToolUnavailable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Servers that are processes or answer over HTTP, good and hostile.
@Timeout(120)
class McpServerTest {
  private static final McpLimits LIMITS =
      McpLimits.defaults().withCall(Duration.ofSeconds(20)).withMessageBytes(100_000);

  private static McpServer start(McpLimits limits, String... arguments) {
    return McpServer.start(limits, FakeServer.command(arguments));
  }

  private static String call(McpServer server, String tool, String arguments) throws Exception {
    return server.tools().find(tool).orElseThrow().call(arguments);
  }

  private static List<ProcessHandle> servers() {
    return ProcessHandle.current()
        .descendants()
        .filter(ProcessHandle::isAlive)
        .filter(process ->
            Stream.of(process.info().arguments().orElse(new String[0]))
                .anyMatch(FakeServer.class.getName()::equals))
        .toList();
  }

  private static void awaitNoServers() {
    for (ProcessHandle server : servers()) {
      server.onExit().join();
    }
  }

  @Test
  void theToolsOfAServerAreOurs() throws Exception {
    try (McpServer server = start(LIMITS, "noisy")) {
      assertThat(server.tools().names()).startsWith("echo, fail, refuse");
      assertThat(server.tools().find("echo").orElseThrow().schema().toString())
          .contains("description=Says it again", "required=[text]");
      assertThat(call(server, "echo", "{\"text\": \"grüezi\"}")).isEqualTo("grüezi");
      assertThat(call(server, "image", "{}")).isEqualTo("[image]\na picture");
      assertThatThrownBy(() -> call(server, "echo", "{\"text\": 3}"))
          .isInstanceOf(ArgumentsRefused.class)
          .hasMessageContaining("text");
      assertThatThrownBy(() -> call(server, "echo", "{}"))
          .isInstanceOf(ArgumentsRefused.class)
          .hasMessageContaining("text");
      assertThatThrownBy(() -> call(server, "fail", "{}"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("it did not work");
      assertThatThrownBy(() -> call(server, "refuse", "{}"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("refused by the server");
      assertThat(servers()).hasSize(1);
    }
    awaitNoServers();
    assertThat(servers()).isEmpty();
  }

  @Test
  void aServerSeesTheVariablesThatItIsGivenAndNoSecrets() throws Exception {
    ServerCommand command = ServerCommand.of(FakeServer.command()).with("GIVEN", "1");
    try (McpServer server = McpServer.start(LIMITS, command)) {
      assertThat(call(server, "variables", "{}").split(" ", -1))
          .contains("PATH", "GIVEN")
          .isSubsetOf(
              "PATH", "GIVEN", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR",
              "TZ");
    }
  }

  /// Each ends its server, so that a later call fails at once.
  @Test
  void aServerThatDiesFloodsOrWritesGarbageIsUnavailableAtOnceAndEnded() throws Exception {
    for (String tool : List.of("die", "huge", "garbage", "flood")) {
      try (McpServer server = start(LIMITS)) {
        long begun = System.nanoTime();
        assertThatThrownBy(() -> call(server, tool, "{}"))
            .as(tool)
            .isInstanceOf(ToolUnavailable.class);
        assertThatThrownBy(() -> call(server, "echo", "{\"text\": \"x\"}"))
            .as(tool)
            .isInstanceOf(ToolUnavailable.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
            .as(tool)
            .isLessThan(Duration.ofSeconds(15));
        awaitNoServers();
      }
    }
  }

  @Test
  void aCallThatHangsEndsAfterItsTimeAndItsServerIsKilledAtTheEnd() {
    try (McpServer server = start(LIMITS.withCall(Duration.ofSeconds(2)))) {
      assertThatThrownBy(() -> call(server, "hang", "{}"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no answer in time");
    }
    awaitNoServers();
    assertThat(servers()).isEmpty();
  }

  @Test
  void aServerThatDoesNotStartIsRefusedWithWhatItSaid() {
    assertThatThrownBy(() -> start(LIMITS.withStart(Duration.ofSeconds(1)), "silent"))
        .isInstanceOf(ToolUnavailable.class)
        .hasMessageContaining("server=");
    assertThatThrownBy(() -> start(LIMITS.withTools(20), "many"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 20 tools");
    assertThatThrownBy(() -> McpServer.start(LIMITS, "sh", "-c", "echo no such file >&2; exit 3"))
        .isInstanceOf(ToolUnavailable.class)
        .hasMessageContaining("must start");
    assertThatThrownBy(
            () -> McpServer.start(LIMITS.withStart(Duration.ofSeconds(10)), "/no/such/program"))
        .isInstanceOf(ToolUnavailable.class);
    awaitNoServers();
    assertThat(servers()).isEmpty();
  }

  /// A server over HTTP, whose tools `hang` and `huge` are hostile.
  private static final class Http implements AutoCloseable {
    private final HttpServer server;
    private final CountDownLatch closed = new CountDownLatch(1);

    Http() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(task -> Thread.ofVirtual().start(task));
      server.createContext("/mcp", this::answer);
      server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
      try (exchange) {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (body.contains("\"name\":\"hang\"")) {
          closed.await();
        }
        String answer =
            body.contains("\"name\":\"huge\"")
                ? "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"" + "x".repeat(1 << 20) + "\"}"
                : FakeServer.response(body, "").orElse("");
        byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.getResponseHeaders().add("Mcp-Session-Id", "one");
        boolean isCall = exchange.getRequestMethod().equals("POST");
        exchange.sendResponseHeaders(
            !isCall ? 405 : bytes.length == 0 ? 202 : 200, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    URI url() {
      return URI.create("http://localhost:%d/mcp".formatted(server.getAddress().getPort()));
    }

    @Override
    public void close() {
      stop();
    }

    void stop() {
      closed.countDown();
      server.stop(0);
    }
  }

  @Test
  void aServerOverHttpHasToolsAndIsBoundedToo() throws Exception {
    try (Http http = new Http();
        McpServer server = McpServer.connect(LIMITS.withCall(Duration.ofSeconds(3)), http.url())) {
      assertThat(call(server, "echo", "{\"text\": \"hello\"}")).isEqualTo("hello");
      assertThatThrownBy(() -> call(server, "fail", "{}")).hasMessage("it did not work");
      assertThatThrownBy(() -> call(server, "hang", "{}"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no answer in time");
      assertThatThrownBy(() -> call(server, "huge", "{}")).isInstanceOf(RuntimeException.class);
      assertThat(call(server, "echo", "{\"text\": \"again\"}")).isEqualTo("again");
      http.stop();
      assertThatThrownBy(() -> call(server, "echo", "{\"text\": \"gone\"}"))
          .isInstanceOf(ToolUnavailable.class);
      assertThatThrownBy(() -> McpServer.connect(LIMITS, http.url()))
          .isInstanceOf(ToolUnavailable.class)
          .hasMessageContaining("must start");
    }
  }
}
