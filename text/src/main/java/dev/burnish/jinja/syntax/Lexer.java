package dev.burnish.jinja.syntax;

import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.PyText;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.syntax.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts a template into tokens, with `trim_blocks` and `lstrip_blocks` on.
final class Lexer {
  private static final String SPACE = "[\\s\\x1c-\\x1f\\x85\\p{Z}]";
  private static final Pattern WHITE = pattern(SPACE + "+");
  private static final Pattern RAW_BEGIN =
      pattern("\\{%([-+]?)" + SPACE + "*raw" + SPACE + "*(?:-%\\}" + SPACE + "*|%\\})");
  private static final Pattern RAW_END =
      pattern(
          "\\{%([-+]?)" + SPACE + "*endraw" + SPACE + "*(?:\\+%\\}|-%\\}" + SPACE + "*|%\\}\n?)");
  private static final Pattern BLOCK_END = pattern("(?:\\+%\\}|-%\\}" + SPACE + "*|%\\}\n?)");
  private static final Pattern VARIABLE_END = pattern("(?:-\\}\\}" + SPACE + "*|\\}\\})");
  private static final Pattern COMMENT_END = pattern("(?:\\+#\\}|-#\\}" + SPACE + "*|#\\}\n?)");
  private static final Pattern FLOAT =
      pattern(
          "(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
  private static final Pattern INTEGER =
      pattern(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
  private static final Pattern NAME = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";"
  };

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<String> open = new ArrayDeque<>();
  private int position;
  private int line = 1;
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  private static Pattern pattern(String regex) {
    return Pattern.compile(regex);
  }

  /// The template's tokens; the last one is `END`.
  static List<Token> tokens(String template) {
    String lines = template.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer = new Lexer(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    while (position < source.length()) {
      int begin = nextTag(position);
      if (begin < 0) {
        data(source.substring(position));
        position = source.length();
        break;
      }
      String text = source.substring(position, begin);
      Matcher raw = at(RAW_BEGIN, begin);
      if (raw.lookingAt()) {
        data(stripped(text, raw.group(1), false));
        advance(raw.end());
        raw();
      } else {
        tag(text, begin);
      }
    }
    tokens.add(new Token(Kind.END, "", line));
  }

  private int nextTag(int from) {
    for (int at = source.indexOf('{', from); at >= 0; at = source.indexOf('{', at + 1)) {
      char next = at + 1 < source.length() ? source.charAt(at + 1) : ' ';
      if (next == '%' || next == '{' || next == '#') {
        return at;
      }
    }
    return -1;
  }

  private void tag(String text, int begin) {
    int after = begin + 2;
    char sign = after < source.length() ? source.charAt(after) : ' ';
    String control = sign == '-' || sign == '+' ? String.valueOf(sign) : "";
    char kind = source.charAt(begin + 1);
    data(stripped(text, control, kind == '{'));
    advance(after + control.length());
    switch (kind) {
      case '#' -> comment();
      case '%' -> {
        tokens.add(new Token(Kind.BLOCK_BEGIN, "{%", line));
        code(BLOCK_END, Kind.BLOCK_END);
      }
      default -> {
        tokens.add(new Token(Kind.VARIABLE_BEGIN, "{{", line));
        code(VARIABLE_END, Kind.VARIABLE_END);
      }
    }
  }

  /// The text before a tag without the white space that the tag takes away.
  private String stripped(String text, String control, boolean variable) {
    if (control.equals("-")) {
      return PyText.rstrip(text);
    }
    if (!control.equals("+") && !variable) {
      int lineStart = text.lastIndexOf('\n') + 1;
      if ((lineStart > 0 || lineStarting)
          && lineStart < text.length()
          && PyText.isSpace(text.substring(lineStart))) {
        return text.substring(0, lineStart);
      }
    }
    return text;
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Kind.DATA, text, line));
    }
  }

  private void advance(int end) {
    for (int i = position; i < end; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    lineStarting = end > position && source.charAt(end - 1) == '\n';
    position = end;
  }

  private Matcher at(Pattern pattern, int from) {
    Matcher matcher = pattern.matcher(source);
    matcher.useTransparentBounds(true).region(from, source.length());
    return matcher;
  }

  private void raw() {
    Matcher end = at(RAW_END, position);
    if (!end.find()) {
      throw JinjaException.syntax("Missing end of raw directive", line);
    }
    data(stripped(source.substring(position, end.start()), end.group(1), false));
    advance(end.end());
  }

  private void comment() {
    Matcher end = at(COMMENT_END, position);
    if (!end.find()) {
      throw JinjaException.syntax("Missing end of comment tag", line);
    }
    advance(end.end());
  }

  private void code(Pattern endPattern, Kind endKind) {
    while (true) {
      if (position >= source.length()) {
        return;
      }
      Matcher end = at(endPattern, position);
      if (open.isEmpty() && end.lookingAt()) {
        tokens.add(new Token(endKind, end.group(), line));
        advance(end.end());
        return;
      }
      Matcher white = at(WHITE, position);
      if (white.lookingAt()) {
        advance(white.end());
      } else {
        token();
      }
    }
  }

  private void token() {
    char first = source.charAt(position);
    if (first == '"' || first == '\'') {
      string(first);
    } else if (!match(FLOAT, Kind.FLOAT) && !match(INTEGER, Kind.INTEGER) && !name()) {
      operator();
    }
  }

  private boolean match(Pattern pattern, Kind kind) {
    Matcher matcher = at(pattern, position);
    if (!matcher.lookingAt()) {
      return false;
    }
    tokens.add(new Token(kind, matcher.group(), line));
    advance(matcher.end());
    return true;
  }

  private boolean name() {
    Matcher matcher = at(NAME, position);
    if (!matcher.lookingAt()) {
      return false;
    }
    if (!Character.isUnicodeIdentifierStart(matcher.group().codePointAt(0))
        && matcher.group().charAt(0) != '_') {
      throw JinjaException.syntax("Invalid character in identifier", line);
    }
    return match(NAME, Kind.NAME);
  }

  private void string(char quote) {
    int end = position + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw unexpected();
    }
    String text = StringEscapes.decode(source.substring(position + 1, end), line);
    tokens.add(new Token(Kind.STRING, text, line));
    advance(end + 1);
  }

  private void operator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, position)) {
        balance(operator);
        tokens.add(new Token(Kind.OPERATOR, operator, line));
        advance(position + operator.length());
        return;
      }
    }
    throw unexpected();
  }

  private void balance(String operator) {
    switch (operator) {
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "{" -> open.push("}");
      case ")", "]", "}" -> {
        if (open.isEmpty()) {
          throw JinjaException.syntax("unexpected '%s'".formatted(operator), line);
        }
        String expected = open.pop();
        if (!expected.equals(operator)) {
          throw JinjaException.syntax(
              "unexpected '%s', expected '%s'".formatted(operator, expected), line);
        }
      }
      default -> {}
    }
  }

  private JinjaException unexpected() {
    return JinjaException.syntax(
        "unexpected char %s at %d"
            .formatted(Repr.ofString(source.substring(position, position + 1)), position),
        line);
  }
}
