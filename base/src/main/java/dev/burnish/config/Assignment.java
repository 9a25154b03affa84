package dev.burnish.config;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// One `key=value` of the command line.
record Assignment(String key, String value) {
  static Assignment parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw new ConfigException(
          "a setting needs the form key=value: setting=%s; write such as optimizer.lr=1e-5"
              .formatted(text));
    }
    return new Assignment(text.substring(0, equals).strip(), text.substring(equals + 1));
  }

  void apply(ObjectNode tree, Keys keys) {
    keys.require("--set " + key, key);
    List<String> names = List.of(key.split("\\.", -1));
    ObjectNode section = tree;
    for (String name : names.subList(0, names.size() - 1)) {
      section = section.get(name) instanceof ObjectNode inner ? inner : section.putObject(name);
    }
    JsonNode node = node(keys);
    keys.checkBelow("--set " + key, key, node);
    section.set(names.getLast(), node);
  }

  private JsonNode node(Keys keys) {
    if (keys.isText(key)) {
      return JsonNodeFactory.instance.stringNode(value);
    }
    try {
      JsonNode node = Yaml.parse("--set " + key, value);
      return node.isMissingNode() ? JsonNodeFactory.instance.stringNode("") : node;
    } catch (ConfigException e) {
      // Not YAML, so it can only be text; binding says so where text does not fit.
      return JsonNodeFactory.instance.stringNode(value);
    }
  }
}
