package dev.burnish.mcp;

import dev.burnish.tools.Tool;
import dev.burnish.tools.ToolSet;
import dev.burnish.tools.ToolUnavailable;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/// A server of the Model Context Protocol, and its tools. Thread-safe.
///
/// ```java
/// try (var server = McpServer.start(McpLimits.defaults(), "npx", "-y", "some-mcp-server")) {
///   var tools = server.tools().with(Calculator.tools());
/// ```
///
/// The server is believed in nothing: its messages, its time and the number of its tools are
/// limited. A process that is started here ends with [#close], and with this process, however that
/// ends.
public final class McpServer implements AutoCloseable {
  private final String name;
  private final McpSyncClient client;
  private final ToolSet tools;

  private McpServer(String name, McpClientTransport transport, McpLimits limits) {
    this.name = name;
    this.client =
        McpClient.sync(transport)
            .requestTimeout(limits.call())
            .initializationTimeout(limits.start())
            .clientInfo(McpSchema.Implementation.builder("burnish", "0.1").build())
            .build();
    this.tools = ready(limits);
  }

  /// Starts a server that speaks over standard input and output.
  ///
  /// @throws ToolUnavailable if it does not start and tell its tools in time
  public static McpServer start(McpLimits limits, String... command) {
    return start(limits, ServerCommand.of(command));
  }

  /// Starts a server with more than a command.
  public static McpServer start(McpLimits limits, ServerCommand command) {
    return new McpServer(
        command.name(), new ProcessTransport(ServerProcess.start(command, limits)), limits);
  }

  /// Connects to a server over streamable HTTP.
  ///
  /// @param url of its endpoint, such as `http://localhost:8080/mcp`
  /// @throws ToolUnavailable if it does not answer and tell its tools in time
  public static McpServer connect(McpLimits limits, URI url) {
    String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    String base = url.toString().replaceFirst("[?#].*", "");
    HttpClientStreamableHttpTransport transport =
        HttpClientStreamableHttpTransport.builder(
                base.substring(0, base.length() - (base.endsWith(path) ? path.length() : 0)))
            .endpoint(url.getRawQuery() == null ? path : path + "?" + url.getRawQuery())
            .connectTimeout(limits.start())
            .maxResponseSize(limits.messageBytes())
            .openConnectionOnStartup(false)
            .build();
    return new McpServer(url.toString(), transport, limits);
  }

  private ToolSet ready(McpLimits limits) {
    try {
      client.initialize();
      List<Tool> found = new ArrayList<>();
      String cursor = McpSchema.FIRST_PAGE;
      do {
        McpSchema.ListToolsResult page = client.listTools(cursor);
        for (McpSchema.Tool tool : page.tools()) {
          found.add(McpTool.of(client, name, tool));
        }
        if (found.size() > limits.tools()) {
          throw new IllegalArgumentException(
              "a server must have at most %d tools: server=%s; raise McpLimits.tools"
                  .formatted(limits.tools(), name));
        }
        cursor = page.tools().isEmpty() ? null : page.nextCursor();
      } while (cursor != null);
      return new ToolSet(found);
    } catch (RuntimeException e) {
      close();
      throw e instanceof IllegalArgumentException ? e : unavailable(e);
    }
  }

  private ToolUnavailable unavailable(RuntimeException cause) {
    return new ToolUnavailable(
        "an MCP server must start and tell its tools: server=%s (%s)"
            .formatted(name, McpTool.words(cause)),
        cause);
  }

  /// Its tools. A call that the server refuses is told to the model; a server that is lost is a
  /// [ToolUnavailable].
  public ToolSet tools() {
    return tools;
  }

  /// Ends the connection, and the process that was started.
  @Override
  public void close() {
    client.close();
  }
}
