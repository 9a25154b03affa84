package dev.burnish.serve;

import dev.burnish.rollout.Structure;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// Reads the form that a request asks for: OpenAI's `response_format`, or vLLM's
/// `structured_outputs`.
final class StructureFields {
  private static final String ANY_OBJECT = "{\"type\":\"object\"}";

  private final Fields fields;

  StructureFields(Fields fields) {
    this.fields = fields;
  }

  /// @throws ApiError if the form is not one of those that there are
  Structure read() {
    Optional<Structure> format = fields.object("response_format").map(this::format);
    Optional<Structure> outputs =
        fields.object("structured_outputs").map(StructureFields::structured);
    return outputs.or(() -> format).orElse(new Structure.Free());
  }

  private Structure format(Fields format) {
    String type = format.text("type").orElse("");
    return switch (type) {
      case "text" -> new Structure.Free();
      case "json_object" -> new Structure.JsonSchema(ANY_OBJECT);
      case "json_schema" ->
          new Structure.JsonSchema(
              format
                  .object("json_schema")
                  .flatMap(named -> named.value("schema"))
                  .map(JsonNode::toString)
                  .orElseThrow(() ->
                      ApiError.invalid(
                          "response_format",
                          "response_format.json_schema.schema must be there: a JSON schema")));
      default ->
          throw ApiError.invalid(
              "response_format",
              "response_format.type must be text, json_object or json_schema: type=" + type);
    };
  }

  private static Structure structured(Fields outputs) {
    if (outputs.has("json")) {
      JsonNode schema = outputs.value("json").orElseThrow();
      return new Structure.JsonSchema(schema.isString() ? schema.stringValue() : schema.toString());
    }
    if (outputs.has("regex")) {
      return new Structure.Regex(outputs.text("regex").orElseThrow());
    }
    if (outputs.has("choice")) {
      return choice(outputs);
    }
    throw ApiError.invalid(
        "structured_outputs", "structured_outputs must have json, regex or choice");
  }

  private static Structure choice(Fields outputs) {
    try {
      return new Structure.Choice(outputs.texts("choice"));
    } catch (IllegalArgumentException e) {
      throw ApiError.invalid("structured_outputs.choice", String.valueOf(e.getMessage()));
    }
  }
}
