package dev.burnish.tools;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A function that a model may call. Thread-safe, unless it belongs to one episode.
public interface Tool {
  /// The name by which models call it.
  String name();

  /// The documentation that models read.
  String description();

  /// JSON schema of the arguments, which are an object.
  ObjectNode parameters();

  /// Does what a model asks for. May wait; an interrupt asks it to end.
  ///
  /// @param arguments a JSON object as the model wrote it, checked by nobody
  /// @return the text that the model reads
  /// @throws ArgumentsRefused if they do not fit the schema
  /// @throws ToolUnavailable if the tool cannot do its work, whatever the arguments are
  /// @throws Exception whose message the model reads
  String call(String arguments) throws Exception;

  /// The tool as chat templates and requests have it: `{"type": "function", "function": ...}`.
  default Map<String, Object> schema() {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", name());
    function.put("description", description());
    function.put(
        "parameters",
        JsonMapper.shared()
            .convertValue(parameters(), new TypeReference<LinkedHashMap<String, Object>>() {}));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "function");
    schema.put("function", function);
    return schema;
  }
}
