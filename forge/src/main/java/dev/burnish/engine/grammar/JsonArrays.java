package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// The arrays of a JSON schema.
///
/// @param schema of which they are a part
record JsonArrays(JsonSchema schema) {
  Expr array(String at, JsonNode array) {
    int min = JsonScalars.bound(at, array, "minItems", 0);
    int max = JsonScalars.bound(at, array, "maxItems", Expr.UNBOUNDED);
    List<Expr> first = new ArrayList<>();
    for (JsonNode item : array.path("prefixItems").valueStream().toList()) {
      first.add(schema.within(at + "/prefixItems", Integer.toString(first.size()), item));
    }
    JsonNode items = array.path("items");
    boolean none = items.isBoolean() && !items.booleanValue();
    if (items.isArray()) {
      throw JsonSchema.unsupported(at, "items as a list; use prefixItems");
    }
    List<Expr> others =
        none
            ? List.of()
            : List.of(items.isMissingNode() ? schema.any() : schema.within(at, "items", items));
    if (min > max || (none && min > first.size())) {
      throw JsonSchema.error(at, "an array must have room for minItems", "minItems=" + min);
    }
    return list(first, others, min, max);
  }

  /// @param others the element after the first ones, or nothing
  static Expr list(List<Expr> first, List<Expr> others, int min, int max) {
    Expr comma = JsonText.sign(",");
    Expr rest = Expr.EMPTY;
    int numFirst = Math.min(first.size(), max);
    for (Expr other : others) {
      int left = max == Expr.UNBOUNDED ? max : max - numFirst;
      Expr more = numFirst == 0 ? other : Expr.seq(comma, other);
      if (numFirst == 0 && left > 0) {
        int further = left == Expr.UNBOUNDED ? left : left - 1;
        Expr all =
            Expr.seq(more, new Expr.Repeat(Expr.seq(comma, other), Math.max(0, min - 1), further));
        rest = min == 0 ? Expr.optional(all) : all;
      } else if (left > 0) {
        rest = new Expr.Repeat(more, Math.max(0, min - numFirst), left);
      }
    }
    for (int i = numFirst - 1; i >= 0; i--) {
      Expr element = i == 0 ? first.get(i) : Expr.seq(comma, first.get(i));
      Expr all = Expr.seq(element, rest);
      rest = i >= min ? Expr.optional(all) : all;
    }
    return Expr.seq(JsonText.sign("["), rest, JsonText.space(), Expr.text("]"));
  }
}
