package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/// The objects of a JSON schema: their members, in the order of `properties`.
///
/// @param schema of which they are a part
record JsonObjects(JsonSchema schema) {
  Expr object(String at, JsonNode object) {
    Set<String> required = new HashSet<>();
    object.path("required").valueStream().forEach(name -> required.add(name.asString("")));
    List<Expr.Member> members = new ArrayList<>();
    Set<String> names = new HashSet<>();
    object
        .path("properties")
        .properties()
        .forEach(entry -> {
          String name = entry.getKey();
          names.add(name);
          JsonNode value = entry.getValue();
          if (value.isBoolean() && !value.booleanValue() && !required.contains(name)) {
            return;
          }
          Expr pair =
              pair(
                  JsonText.literal(StringNode.valueOf(name)),
                  schema.within(at + "/properties", name, value));
          members.add(new Expr.Member(pair, presence(required.contains(name))));
        });
    List<Expr> others = others(at, object, names);
    for (String name : required) {
      if (!names.contains(name)) {
        if (others.isEmpty()) {
          throw JsonSchema.error(at, "required must name properties", "required=" + name);
        }
        throw JsonSchema.unsupported(at, "required of a name that is not in properties: " + name);
      }
    }
    return braced(members, others);
  }

  private static Expr.Presence presence(boolean required) {
    return required ? Expr.Presence.REQUIRED : Expr.Presence.OPTIONAL;
  }

  private List<Expr> others(String at, JsonNode object, Set<String> names) {
    JsonNode additional = object.path("additionalProperties");
    boolean none =
        additional.isMissingNode()
            ? object.has("properties")
            : additional.isBoolean() && !additional.booleanValue();
    if (none) {
      return List.of();
    }
    Expr value =
        additional.isObject()
            ? schema.within(at, "additionalProperties", additional)
            : schema.any();
    Expr name = Expr.seq(Expr.text("\""), new Expr.OtherName(names));
    return List.of(pair(name, value));
  }

  private static Expr pair(Expr name, Expr value) {
    return Expr.seq(name, JsonText.sign(":"), value);
  }

  static Expr braced(List<Expr.Member> members, List<Expr> others) {
    return Expr.seq(
        JsonText.sign("{"),
        new Expr.Members(members, others, JsonText.sign(",")),
        JsonText.space(),
        Expr.text("}"));
  }
}
