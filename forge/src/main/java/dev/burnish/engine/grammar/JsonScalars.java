package dev.burnish.engine.grammar;

import java.util.List;
import tools.jackson.databind.JsonNode;

/// The strings and numbers of a JSON schema.
final class JsonScalars {
  private JsonScalars() {}

  static Expr string(String at, JsonNode schema) {
    int min = bound(at, schema, "minLength", 0);
    int max = bound(at, schema, "maxLength", Expr.UNBOUNDED);
    if (min > max) {
      throw JsonSchema.error(at, "minLength must be at most maxLength=" + max, "minLength=" + min);
    }
    if (!schema.has("pattern")) {
      return JsonText.string(min, max);
    }
    if (min > 0 || max < Expr.UNBOUNDED) {
      throw JsonSchema.unsupported(at, "pattern next to minLength or maxLength");
    }
    return JsonText.quoted(JsonText.escaped(Regex.find(schema.path("pattern").asString(""))));
  }

  static int bound(String at, JsonNode schema, String keyword, int otherwise) {
    JsonNode value = schema.path(keyword);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isNumber() || value.doubleValue() != value.asInt(-1) || value.asInt(-1) < 0) {
      throw JsonSchema.error(at, keyword + " must be a whole number from 0", keyword + "=" + value);
    }
    return value.asInt(-1);
  }

  static Expr integer(String at, JsonNode schema) {
    long min = (long) Math.ceil(limit(at, schema, "minimum", -IntegerRange.MOST));
    long max = (long) Math.floor(limit(at, schema, "maximum", IntegerRange.MOST));
    double above = limit(at, schema, "exclusiveMinimum", min - 1);
    double below = limit(at, schema, "exclusiveMaximum", max + 1);
    long from = Math.max(min, (long) Math.floor(above) + 1);
    long to = Math.min(max, (long) Math.ceil(below) - 1);
    if (from > to || from < -IntegerRange.MOST || to > IntegerRange.MOST) {
      throw JsonSchema.error(
          at,
          "an integer must have a range within %d digits".formatted(16),
          "from=%d to=%d".formatted(from, to));
    }
    return from == -IntegerRange.MOST && to == IntegerRange.MOST
        ? JsonText.INTEGER
        : IntegerRange.of(from, to);
  }

  static double limit(String at, JsonNode schema, String keyword, double otherwise) {
    JsonNode value = schema.path(keyword);
    if (value.isMissingNode()) {
      return otherwise;
    }
    if (!value.isNumber()) {
      throw JsonSchema.error(at, keyword + " must be a number", keyword + "=" + value);
    }
    return value.doubleValue();
  }

  static Expr number(String at, JsonNode schema) {
    for (String keyword : List.of("maximum", "exclusiveMinimum", "exclusiveMaximum")) {
      if (schema.has(keyword)) {
        throw JsonSchema.unsupported(at, keyword + " of a number");
      }
    }
    double min = limit(at, schema, "minimum", 0);
    if (min != 0) {
      throw JsonSchema.unsupported(at, "minimum of a number other than 0");
    }
    return schema.has("minimum") ? JsonText.POSITIVE : JsonText.NUMBER;
  }
}
