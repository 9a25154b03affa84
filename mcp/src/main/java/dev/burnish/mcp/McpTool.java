package dev.burnish.mcp;

import dev.burnish.tools.ArgumentsRefused;
import dev.burnish.tools.Tool;
import dev.burnish.tools.ToolUnavailable;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A tool of a server.
///
/// @param inputs its schema, as the SDK has it
record McpTool(
    McpSyncClient client,
    String name,
    String description,
    ObjectNode parameters,
    Map<String, Object> inputs)
    implements Tool {
  /// The code of an error of ours: the server is lost. Of the range that JSON-RPC leaves to
  /// programs.
  static final int LOST = -32_750;

  private static final int LONGEST = 4_000;
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");
  private static final TypeReference<LinkedHashMap<String, Object>> OBJECT =
      new TypeReference<>() {};

  /// @throws IllegalArgumentException if models could not call it
  static McpTool of(McpSyncClient client, String server, McpSchema.Tool tool) {
    if (tool.name() == null || !NAME.matcher(tool.name()).matches()) {
      throw new IllegalArgumentException(
          "a tool must have a name of at most 64 letters, digits, _ and -: server=%s name=%s"
              .formatted(server, tool.name()));
    }
    String description = tool.description() == null ? "" : tool.description();
    Map<String, Object> inputs =
        tool.inputSchema() == null ? Map.of("type", "object") : tool.inputSchema();
    return new McpTool(
        client,
        tool.name(),
        description.substring(0, Math.min(LONGEST, description.length())),
        JsonMapper.shared().valueToTree(inputs),
        inputs);
  }

  @Override
  public String call(String arguments) throws Exception {
    Map<String, Object> values = values(arguments);
    var fit = McpJsonDefaults.getSchemaValidator().validate(inputs, values);
    if (!fit.valid()) {
      throw new ArgumentsRefused(List.of(String.valueOf(fit.errorMessage())));
    }
    McpSchema.CallToolResult result;
    try {
      result = client.callTool(McpSchema.CallToolRequest.builder(name).arguments(values).build());
    } catch (RuntimeException e) {
      throw failure(e);
    }
    if (Boolean.TRUE.equals(result.isError())) {
      throw new IllegalStateException(text(result));
    }
    return text(result);
  }

  private static Map<String, Object> values(String arguments) {
    try {
      return JsonMapper.shared().readValue(arguments, OBJECT);
    } catch (JacksonException e) {
      throw new ArgumentsRefused(List.of("the arguments must be a JSON object"));
    }
  }

  /// An error that the server gives, or its silence, is for the model; anything else says that
  /// there is no server.
  private Exception failure(RuntimeException thrown) {
    Throwable cause = root(thrown);
    if (cause instanceof McpError error
        && error.getJsonRpcError() != null
        && error.getJsonRpcError().code() != LOST) {
      return new IllegalStateException(words(error));
    }
    if (cause instanceof TimeoutException) {
      return new IllegalStateException("the server gave no answer in time");
    }
    return cause instanceof ToolUnavailable unavailable
        ? unavailable
        : new ToolUnavailable(
            "an MCP server must answer: tool=%s (%s)".formatted(name, words(thrown)), thrown);
  }

  private static Throwable root(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null
        && !(root instanceof McpError)
        && !(root instanceof ToolUnavailable)) {
      root = root.getCause();
    }
    return root;
  }

  /// The message of the first cause.
  static String words(Throwable thrown) {
    Throwable root = root(thrown);
    return String.valueOf(root.getMessage() == null ? root : root.getMessage());
  }

  private static String text(McpSchema.CallToolResult result) throws Exception {
    List<String> texts = new ArrayList<>();
    if (result.content() != null) {
      for (McpSchema.Content content : result.content()) {
        texts.add(
            content instanceof McpSchema.TextContent text
                ? String.valueOf(text.text())
                : "[%s]".formatted(content.type()));
      }
    }
    if (texts.isEmpty() && result.structuredContent() != null) {
      texts.add(JsonMapper.shared().writeValueAsString(result.structuredContent()));
    }
    return String.join("\n", texts);
  }
}
