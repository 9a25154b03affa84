package dev.burnish.config;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Replaces `${a.b}` and `${env:X}` in the texts of a tree. A text that is exactly one reference
/// becomes the value that it refers to, of any type.
final class Interpolation {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\$\\{|\\$\\{([^{}]*)\\}");

  private static final String ENVIRONMENT = "env:";

  private final ObjectNode tree;
  private final Map<String, String> environment;
  private final Keys keys;
  private final Deque<String> open = new ArrayDeque<>();

  Interpolation(ObjectNode tree, Map<String, String> environment, Keys keys) {
    this.tree = tree;
    this.environment = environment;
    this.keys = keys;
  }

  JsonNode resolve() {
    return mapTexts(tree, "", this::resolveText);
  }

  /// The tree with every `${` made literal.
  static JsonNode escape(JsonNode node) {
    return mapTexts(node, "", (key, text) -> text(text.replace("${", "$${")));
  }

  private static JsonNode mapTexts(
      JsonNode node, String key, BiFunction<String, String, JsonNode> replace) {
    String prefix = key.isEmpty() ? "" : key + ".";
    return switch (node) {
      case ObjectNode object -> {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        object.forEachEntry(
            (name, value) -> copy.set(name, mapTexts(value, prefix + name, replace)));
        yield copy;
      }
      case ArrayNode array -> {
        ArrayNode copy = JsonNodeFactory.instance.arrayNode();
        array.forEach(value -> copy.add(mapTexts(value, prefix + copy.size(), replace)));
        yield copy;
      }
      default -> node.isString() ? replace.apply(key, node.stringValue()) : node;
    };
  }

  private JsonNode resolveText(String key, String text) {
    Matcher whole = REFERENCE.matcher(text);
    if (whole.matches() && whole.group(1) != null) {
      JsonNode value = lookUp(whole.group(1), text);
      boolean variable = whole.group(1).startsWith(ENVIRONMENT);
      return variable && !keys.isText(key) ? Yaml.parse(text, value.asString()) : value;
    }
    String replaced =
        REFERENCE
            .matcher(text)
            .replaceAll(match -> {
              @Nullable String reference = match.group(1);
              return Matcher.quoteReplacement(
                  reference == null ? "${" : lookUp(reference, text).asString());
            });
    return text(replaced);
  }

  private JsonNode lookUp(String reference, String text) {
    if (reference.startsWith(ENVIRONMENT)) {
      return variable(reference.substring(ENVIRONMENT.length()), text);
    }
    keys.require(text, reference);
    if (open.contains(reference)) {
      throw new ConfigException(
          "a value refers to itself: key=%s, through %s; give one of them a value"
              .formatted(reference, String.join(" -> ", open.reversed())));
    }
    JsonNode target = tree;
    for (String name : reference.split("\\.", -1)) {
      target = target.isArray() ? target.path(Integer.parseInt(name)) : target.path(name);
    }
    open.push(reference);
    JsonNode resolved = mapTexts(target, reference, this::resolveText);
    open.pop();
    return resolved;
  }

  private JsonNode variable(String name, String text) {
    String value = environment.getOrDefault(name, "");
    if (value.isEmpty()) {
      throw new ConfigException(
          "a variable of the environment is not set: %s in %s; export %s or give the value"
              .formatted(name, text, name));
    }
    return text(value);
  }

  private static JsonNode text(String text) {
    return JsonNodeFactory.instance.stringNode(text);
  }
}
