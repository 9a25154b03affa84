package dev.burnish.engine.grammar;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.DoubleNode;

/// Whether alternatives of a JSON schema exclude each other: by their types, by the values of
/// `enum` and `const`, or by a member that both require.
///
/// @param schema of which they are a part
/// @param at place of the alternatives
record Disjoint(JsonSchema schema, String at) {
  /// No value may be valid under two alternatives.
  void require(List<JsonNode> choices) {
    for (int i = 0; i < choices.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (!disjoint(dereferenced(choices.get(j)), dereferenced(choices.get(i)))) {
          throw JsonSchema.error(
              at,
              "alternatives of oneOf must exclude each other by type, const or enum",
              "oneOf=%d and %d; use anyOf".formatted(j, i));
        }
      }
    }
  }

  private JsonNode dereferenced(JsonNode value) {
    JsonNode target = value;
    for (int i = 0; target.has("$ref") && i < 100; i++) {
      target = schema.resolved(at, target.path("$ref").asString(""));
    }
    return target;
  }

  private boolean disjoint(JsonNode a, JsonNode b) {
    Set<JsonNode> ofA = values(a);
    Set<JsonNode> ofB = values(b);
    if (!ofA.isEmpty() && !ofB.isEmpty()) {
      return ofA.stream().noneMatch(ofB::contains);
    }
    Set<String> common = valueTypes(a, ofA);
    common.retainAll(valueTypes(b, ofB));
    if (common.isEmpty()) {
      return true;
    }
    return common.equals(Set.of("object")) && tagged(a, b);
  }

  private static Set<JsonNode> values(JsonNode value) {
    Set<JsonNode> values = new HashSet<>();
    value.path("enum").valueStream().map(Disjoint::normal).forEach(values::add);
    if (value.has("const")) {
      values.add(normal(value.path("const")));
    }
    return values;
  }

  /// In JSON, 1 and 1.0 are equal.
  private static JsonNode normal(JsonNode value) {
    return value.isNumber() ? DoubleNode.valueOf(value.doubleValue()) : value;
  }

  /// The types of its values, where an integer is a number.
  private Set<String> valueTypes(JsonNode value, Set<JsonNode> values) {
    Set<String> types = new HashSet<>();
    if (value.has("type") || values.isEmpty()) {
      types.addAll(JsonSchema.types(at, value));
    } else {
      JsonSchema.TYPES.stream()
          .filter(type -> values.stream().anyMatch(each -> JsonSchema.isOf(type, each)))
          .forEach(types::add);
    }
    if (types.remove("integer")) {
      types.add("number");
    }
    return types;
  }

  /// Whether a member that both require has no value in common.
  private boolean tagged(JsonNode a, JsonNode b) {
    Set<String> required = new HashSet<>();
    a.path("required").valueStream().forEach(name -> required.add(name.asString("")));
    return b.path("required")
        .valueStream()
        .map(name -> name.asString(""))
        .filter(required::contains)
        .anyMatch(name -> {
          JsonNode ofA = dereferenced(a.path("properties").path(name));
          JsonNode ofB = dereferenced(b.path("properties").path(name));
          return ofA.isObject() && ofB.isObject() && disjoint(ofA, ofB);
        });
  }
}
