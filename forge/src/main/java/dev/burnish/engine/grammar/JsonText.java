package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The pieces of JSON text. Between its tokens, white space is as llama.cpp's grammars have it:
/// none, a blank, or a line break and an indentation.
final class JsonText {
  static final String SPACE = "space";
  static final String CHARACTER = "character";

  /// Characters that are written as themselves within a string.
  static final CodePoints PLAIN =
      CodePoints.ALL.minus(CodePoints.range(0, 0x1F)).minus(CodePoints.of("\"\\"));

  /// An integer of at most 16 digits.
  static final Expr INTEGER = Regex.parse("0|-?[1-9][0-9]{0,15}");

  /// A number that a double holds without overflow.
  static final Expr NUMBER =
      Regex.parse("-?(0|[1-9][0-9]{0,15})(\\.[0-9]{1,16})?([eE][+-]?[0-9]{1,2})?");

  /// The same without a sign.
  static final Expr POSITIVE =
      Regex.parse("(0|[1-9][0-9]{0,15})(\\.[0-9]{1,16})?([eE][+-]?[0-9]{1,2})?");

  /// The rule [#SPACE].
  static final Expr SPACE_RULE = Regex.parse("( |\\n{1,2}[ \\t]{0,20})?");

  /// The rule [#CHARACTER]: one character of a string, as itself or escaped; no half of a pair.
  static final Expr CHARACTER_RULE =
      Expr.alt(
          new Expr.Chars(PLAIN),
          Regex.parse(
              "\\\\([\"\\\\/bfnrt]|u([0-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))"));

  private JsonText() {}

  static Expr space() {
    return new Expr.Call(SPACE);
  }

  /// A sign of JSON's syntax and white space after it.
  static Expr sign(String sign) {
    return Expr.seq(Expr.text(sign), space());
  }

  /// A string of any characters.
  static Expr string(int min, int max) {
    return quoted(new Expr.Repeat(new Expr.Call(CHARACTER), min, max));
  }

  /// @param content as a JSON string has it
  static Expr quoted(Expr content) {
    return Expr.seq(Expr.text("\""), content, Expr.text("\""));
  }

  /// Exactly that value, without white space.
  static Expr literal(JsonNode value) {
    return Expr.text(JsonMapper.shared().writeValueAsString(value));
  }

  /// The same texts as they are written within a string.
  static Expr escaped(Expr text) {
    return switch (text) {
      case Expr.Chars(CodePoints set) -> escaped(set);
      case Expr.Seq(List<Expr> parts) ->
          new Expr.Seq(parts.stream().map(JsonText::escaped).toList());
      case Expr.Alt(List<Expr> choices) ->
          new Expr.Alt(choices.stream().map(JsonText::escaped).toList());
      case Expr.Repeat(Expr body, int min, int max) -> new Expr.Repeat(escaped(body), min, max);
      case Expr.Call _, Expr.Members _, Expr.OtherName _ -> text;
    };
  }

  private static Expr escaped(CodePoints set) {
    CodePoints special = set.minus(PLAIN);
    List<Expr> choices = new ArrayList<>();
    choices.add(new Expr.Chars(set.minus(special)));
    for (CodePoints.Range range : special.ranges()) {
      for (int c = range.from(); c <= range.to(); c++) {
        String quoted = JsonMapper.shared().writeValueAsString(Character.toString(c));
        choices.add(Expr.text(quoted.substring(1, quoted.length() - 1)));
      }
    }
    return new Expr.Alt(choices);
  }
}
