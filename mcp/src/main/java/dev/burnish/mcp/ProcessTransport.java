package dev.burnish.mcp;

import dev.burnish.tools.ToolUnavailable;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCMessage;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// Messages to and from the process of a server, one JSON text per line.
///
/// In place of the SDK's own, which leaves calls waiting until their deadline when the server is
/// lost, keeps no hold of its children, and reads lines of any length. A server that sends a line
/// that is too long, lines that are no messages, or a flood of messages that nobody asked for is
/// killed, and every call that waits fails at once.
final class ProcessTransport implements McpClientTransport {
  /// Lines in a row that are no messages, such as what a server prints as it starts.
  private static final int MOST_GARBAGE = 100;

  /// Messages in a row that answer nothing.
  private static final int MOST_UNASKED = 1_000;

  private final ServerProcess server;
  private final McpJsonMapper json = McpJsonDefaults.getMapper();
  private final Object writing = new Object();
  private final Set<Object> waiting = ConcurrentHashMap.newKeySet();
  private volatile Optional<ToolUnavailable> end = Optional.empty();
  private int garbage;
  private int unasked;

  ProcessTransport(ServerProcess server) {
    this.server = server;
  }

  @Override
  public Mono<Void> connect(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
    return Mono.fromRunnable(
        () -> Thread.ofPlatform().daemon().name("mcp-messages").start(() -> read(handler)));
  }

  private void read(Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler) {
    String why = "it ended";
    try (InputStream in = new BufferedInputStream(server.output())) {
      for (Optional<String> line = line(in); line.isPresent(); line = line(in)) {
        take(line.get(), handler);
      }
    } catch (IOException e) {
      why = String.valueOf(e.getMessage());
    }
    server.kill();
    ToolUnavailable lostServer =
        new ToolUnavailable(
            "an MCP server must live as long as its tools: %s; server=%s"
                .formatted(why, server.describe()));
    end = Optional.of(lostServer);
    for (Object id : waiting) {
      handler.apply(Mono.just(failure(id, lostServer))).subscribe();
    }
  }

  private static JSONRPCMessage failure(Object id, ToolUnavailable why) {
    return McpSchema.JSONRPCResponse.error(
        id,
        new McpSchema.JSONRPCResponse.JSONRPCError(
            McpTool.LOST, String.valueOf(why.getMessage()), null));
  }

  /// The next line; empty at the end.
  private Optional<String> line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int read = in.read(); read >= 0; read = in.read()) {
      if (read == '\n') {
        return Optional.of(line.toString(StandardCharsets.UTF_8));
      }
      line.write(read);
      if (line.size() > server.limits().messageBytes()) {
        throw new IOException(
            "a message of it had more than %d bytes".formatted(server.limits().messageBytes()));
      }
    }
    return Optional.empty();
  }

  private void take(String line, Function<Mono<JSONRPCMessage>, Mono<JSONRPCMessage>> handler)
      throws IOException {
    if (line.isBlank()) {
      return;
    }
    Optional<JSONRPCMessage> message = message(line);
    if (message.isEmpty()) {
      if (++garbage > MOST_GARBAGE) {
        throw new IOException("it printed lines that are no messages: " + head(line));
      }
      return;
    }
    garbage = 0;
    if (message.get() instanceof McpSchema.JSONRPCResponse response
        && response.id() != null
        && waiting.remove(response.id())) {
      unasked = 0;
    } else if (++unasked > MOST_UNASKED) {
      throw new IOException("it sent messages that nobody asked for");
    }
    handler.apply(Mono.just(message.get())).subscribe();
  }

  private Optional<JSONRPCMessage> message(String line) {
    try {
      return Optional.of(McpSchema.deserializeJsonRpcMessage(json, line));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static String head(String line) {
    return line.substring(0, Math.min(80, line.length()));
  }

  @Override
  public Mono<Void> sendMessage(JSONRPCMessage message) {
    return Mono.<Void>fromRunnable(() -> write(message)).subscribeOn(Schedulers.boundedElastic());
  }

  private void write(JSONRPCMessage message) {
    if (message instanceof McpSchema.JSONRPCRequest request) {
      waiting.add(request.id());
    }
    end.ifPresent(why -> {
      throw why;
    });
    try {
      byte[] bytes = (json.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8);
      synchronized (writing) {
        OutputStream out = server.input();
        out.write(bytes);
        out.flush();
      }
    } catch (IOException e) {
      throw new ToolUnavailable(
          "an MCP server must read its input: server=%s (%s)".formatted(server.describe(), e), e);
    }
  }

  @Override
  public <T> T unmarshalFrom(Object data, TypeRef<T> type) {
    return json.convertValue(data, type);
  }

  @Override
  public Mono<Void> closeGracefully() {
    return Mono.<Void>fromRunnable(server::end).subscribeOn(Schedulers.boundedElastic());
  }
}
