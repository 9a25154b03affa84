package dev.burnish.engine.grammar;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A JSON schema as a grammar of JSON texts that are valid under it.
///
/// Supported: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`,
/// `prefixItems`, `minItems`, `maxItems`, `minLength`, `maxLength`, `pattern`, `minimum`,
/// `maximum`, `exclusiveMinimum`, `exclusiveMaximum` (of integers; of numbers `minimum` 0 alone),
/// `anyOf`, `oneOf` (of alternatives that exclude each other), `allOf` of one, and `$ref` within
/// the schema, also to itself. Any other keyword that would restrict a value is refused by its
/// name. Members come in the order of `properties`; those not named there come only where
/// `additionalProperties` is given, or nothing else is said of an object. Where `type` is absent,
/// it is that of the keywords.
final class JsonSchema {
  /// Keywords that restrict nothing.
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "$schema",
          "$id",
          "$anchor",
          "$comment",
          "$defs",
          "definitions",
          "title",
          "description",
          "default",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly",
          "discriminator");

  static final List<String> TYPES =
      List.of("object", "array", "string", "number", "integer", "boolean", "null");

  private static final Map<String, Set<String>> KEYWORDS_OF_TYPE =
      Map.of(
          "object", Set.of("properties", "required", "additionalProperties"),
          "array", Set.of("items", "prefixItems", "minItems", "maxItems"),
          "string", Set.of("minLength", "maxLength", "pattern"),
          "number", Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
          "integer", Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
          "boolean", Set.of(),
          "null", Set.of());

  private static final String ANY = "any value";
  private static final String ANY_OBJECT = "any object";

  private final JsonNode root;
  private final Map<String, Expr> rules = new HashMap<>();

  private JsonSchema(JsonNode root) {
    this.root = root;
    rules.put(JsonText.SPACE, JsonText.SPACE_RULE);
    rules.put(JsonText.CHARACTER, JsonText.CHARACTER_RULE);
  }

  /// @throws IllegalArgumentException if the schema is no JSON, malformed, not supported, or allows
  ///   no value
  static Automaton compile(String schema) {
    JsonNode root;
    try {
      root = JsonMapper.shared().readTree(schema);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a JSON schema must be JSON: %s; correct it".formatted(e.getOriginalMessage()), e);
    }
    JsonSchema compiler = new JsonSchema(root);
    return new Automaton(compiler.rule("#", root), compiler.rules);
  }

  /// The rule of the schema at a place, compiled at its first mention.
  private Expr rule(String at, JsonNode schema) {
    if (!rules.containsKey(at)) {
      rules.put(at, Expr.EMPTY); // a reference from within finds the name
      rules.put(at, value(at, schema));
    }
    return new Expr.Call(at);
  }

  private Expr value(String at, JsonNode schema) {
    if (schema.isBoolean() && schema.booleanValue()) {
      return any();
    }
    if (!schema.isObject()) {
      throw error(at, "must be an object or true", "schema=" + schema);
    }
    Set<String> keywords = new LinkedHashSet<>(schema.propertyNames());
    keywords.removeAll(ANNOTATIONS);
    for (String whole : List.of("$ref", "const", "enum", "anyOf", "oneOf", "allOf")) {
      if (keywords.remove(whole)) {
        keywords.removeAll(besides(whole));
        if (!keywords.isEmpty()) {
          throw unsupported(at, keywords.iterator().next() + " next to " + whole);
        }
        return whole(at, whole, schema);
      }
    }
    return typed(at, schema, keywords);
  }

  /// Keywords that may be there without saying more.
  private static Set<String> besides(String whole) {
    return whole.equals("const") || whole.equals("enum") ? Set.of("type") : Set.of();
  }

  private Expr whole(String at, String keyword, JsonNode schema) {
    JsonNode value = schema.path(keyword);
    return switch (keyword) {
      case "$ref" -> reference(at, value.asString(""));
      case "const" -> literals(at, schema, List.of(value));
      case "enum" -> literals(at, schema, value.valueStream().toList());
      default -> {
        List<JsonNode> choices = value.valueStream().toList();
        if (!value.isArray() || choices.isEmpty()) {
          throw error(at, keyword + " must be a list of schemas", keyword + "=" + value);
        }
        if (keyword.equals("allOf") && choices.size() > 1) {
          throw unsupported(at, "allOf of more than one schema");
        }
        if (keyword.equals("oneOf")) {
          new Disjoint(this, at).require(choices);
        }
        List<Expr> rules = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
          rules.add(rule("%s/%s/%d".formatted(at, keyword, i), choices.get(i)));
        }
        yield new Expr.Alt(rules);
      }
    };
  }

  private Expr reference(String at, String reference) {
    return rule(reference, resolved(at, reference));
  }

  JsonNode resolved(String at, String reference) {
    JsonNode target =
        reference.equals("#") || reference.startsWith("#/")
            ? root.at(decoded(reference.substring(1)))
            : root.path("");
    if (target.isMissingNode()) {
      throw error(at, "$ref must point into the schema", "$ref=" + reference);
    }
    return target;
  }

  private static String decoded(String pointer) {
    return pointer.contains("%")
        ? URLDecoder.decode(pointer.replace("+", "%2B"), StandardCharsets.UTF_8)
        : pointer;
  }

  private static Expr literals(String at, JsonNode schema, List<JsonNode> values) {
    Set<String> types = types(at, schema);
    List<Expr> allowed =
        values.stream()
            .filter(value -> types.stream().anyMatch(type -> isOf(type, value)))
            .map(JsonText::literal)
            .toList();
    if (allowed.isEmpty()) {
      throw error(at, "enum and const must have a value of the type", "type=" + types);
    }
    return new Expr.Alt(allowed);
  }

  static boolean isOf(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isString();
      case "number" -> value.isNumber();
      case "integer" -> value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
      case "boolean" -> value.isBoolean();
      default -> value.isNull();
    };
  }

  static Set<String> types(String at, JsonNode schema) {
    JsonNode type = schema.path("type");
    List<JsonNode> named = type.isArray() ? type.valueStream().toList() : List.of(type);
    if (type.isMissingNode()) {
      return new LinkedHashSet<>(TYPES);
    }
    Set<String> types = new LinkedHashSet<>();
    for (JsonNode name : named) {
      if (!TYPES.contains(name.asString(""))) {
        throw error(at, "type must be one of " + TYPES, "type=" + name);
      }
      types.add(name.asString(""));
    }
    if (types.isEmpty()) {
      throw error(at, "type must name a type", "type=" + type);
    }
    return types;
  }

  private Expr typed(String at, JsonNode schema, Set<String> keywords) {
    Set<String> types = types(at, schema);
    if (types.contains("number")) {
      types.remove("integer"); // which is a number
    }
    Set<String> unknown = new LinkedHashSet<>(keywords);
    unknown.remove("type");
    KEYWORDS_OF_TYPE.values().forEach(unknown::removeAll);
    if (!unknown.isEmpty()) {
      throw unsupported(at, unknown.iterator().next());
    }
    List<String> meant =
        schema.has("type")
            ? List.copyOf(types)
            : types.stream().filter(type -> restricts(keywords, type)).toList();
    if (meant.isEmpty()) {
      return any();
    }
    return new Expr.Alt(meant.stream().map(type -> ofType(type, at, schema)).toList());
  }

  private static boolean restricts(Set<String> keywords, String type) {
    return KEYWORDS_OF_TYPE.getOrDefault(type, Set.of()).stream().anyMatch(keywords::contains);
  }

  private Expr ofType(String type, String at, JsonNode schema) {
    return switch (type) {
      case "object" -> new JsonObjects(this).object(at, schema);
      case "array" -> new JsonArrays(this).array(at, schema);
      case "string" -> JsonScalars.string(at, schema);
      case "integer" -> JsonScalars.integer(at, schema);
      case "number" -> JsonScalars.number(at, schema);
      default -> anyOf(type);
    };
  }

  private Expr anyOf(String type) {
    return switch (type) {
      case "object" -> anyObject();
      case "array" -> JsonArrays.list(List.of(), List.of(any()), 0, Expr.UNBOUNDED);
      case "string" -> JsonText.string(0, Expr.UNBOUNDED);
      case "number" -> JsonText.NUMBER;
      case "integer" -> JsonText.INTEGER;
      case "boolean" -> Expr.alt(Expr.text("true"), Expr.text("false"));
      default -> Expr.text("null");
    };
  }

  /// Any value at all.
  Expr any() {
    if (!rules.containsKey(ANY)) {
      rules.put(ANY, Expr.EMPTY);
      rules.put(
          ANY,
          new Expr.Alt(
              Stream.of("object", "array", "string", "number", "boolean", "null")
                  .map(this::anyOf)
                  .toList()));
    }
    return new Expr.Call(ANY);
  }

  private Expr anyObject() {
    if (!rules.containsKey(ANY_OBJECT)) {
      rules.put(ANY_OBJECT, Expr.EMPTY);
      Expr pair = Expr.seq(JsonText.string(0, Expr.UNBOUNDED), JsonText.sign(":"), any());
      rules.put(ANY_OBJECT, JsonObjects.braced(List.of(), List.of(pair)));
    }
    return new Expr.Call(ANY_OBJECT);
  }

  /// The rule of a schema within another.
  Expr within(String at, String step, JsonNode schema) {
    return rule(at + "/" + step.replace("~", "~0").replace("/", "~1"), schema);
  }

  static IllegalArgumentException unsupported(String at, String keyword) {
    return error(
        at,
        "must use keywords that are supported here",
        "keyword=%s; leave it out, and check the result instead".formatted(keyword));
  }

  static IllegalArgumentException error(String at, String constraint, String value) {
    return new IllegalArgumentException(
        "a JSON schema is refused: %s: at=%s %s".formatted(constraint, at, value));
  }
}
