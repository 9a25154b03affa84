package dev.burnish.data;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// One row of a data set.
///
/// @param place the file and the line or row in it, counted from 1, such as `train.jsonl:17`
/// @param number of the row in the data set, from 0
public record Row(JsonNode fields, String place, long number) {
  private static final TypeReference<List<Map<String, Object>>> MAPS = new TypeReference<>() {};

  /// Whether the row has a field that is not null.
  public boolean has(String field) {
    return fields.hasNonNull(field);
  }

  /// Whether a field is text.
  public boolean isText(String field) {
    return fields.path(field).isString();
  }

  /// A field that must be text.
  public String text(String field) {
    JsonNode value = fields.get(field);
    if (value == null || !value.isString()) {
      throw new IllegalArgumentException(
          "a row has the text field '%s': %s; the fields are %s"
              .formatted(
                  field,
                  value == null ? "it is missing" : field + " is " + kind(value),
                  fields.propertyNames()));
    }
    return value.stringValue();
  }

  /// A field that must be a list of objects, such as messages.
  public List<Map<String, Object>> objects(String field) {
    JsonNode value = fields.path(field);
    if (!value.isArray() || !value.valueStream().allMatch(JsonNode::isObject)) {
      throw new IllegalArgumentException(
          "field '%s' is a list of objects: %s is %s".formatted(field, field, kind(value)));
    }
    return JsonMapper.shared().convertValue(value, MAPS);
  }

  /// The same, also where the list is written as JSON in a text, as tables without nested types do.
  public List<Map<String, Object>> objectsOrJson(String field) {
    if (!isText(field)) {
      return objects(field);
    }
    try {
      List<JsonText.Value> values = JsonText.values(text(field));
      JsonNode parsed = values.size() == 1 ? values.getFirst().node() : fields.path(field);
      return new Row(JsonNodeFactory.instance.objectNode().set(field, parsed), place, number)
          .objects(field);
    } catch (JsonText.Malformed e) {
      throw new IllegalArgumentException(
          "field '%s' is a list of objects, or JSON of one: %s".formatted(field, e.reason()), e);
    }
  }

  private static String kind(JsonNode value) {
    return value.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
