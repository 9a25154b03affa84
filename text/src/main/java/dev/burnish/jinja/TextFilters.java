package dev.burnish.jinja;

import dev.burnish.jinja.Filters.Filter;
import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Arguments.Bound;
import dev.burnish.jinja.python.Casing;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Json;
import dev.burnish.jinja.python.Markup;
import dev.burnish.jinja.python.Operators;
import dev.burnish.jinja.python.PercentFormat;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyNumber;
import dev.burnish.jinja.python.PyText;
import dev.burnish.jinja.python.PyTuple;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.python.StringMethods;
import dev.burnish.jinja.python.Undefined;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Filters that make text.
final class TextFilters {
  private static final Pattern WORD_BEGIN =
      Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);

  private TextFilters() {}

  static void register(Map<String, Filter> filters) {
    filters.put("upper", text("upper", text -> text.toUpperCase(Locale.ROOT)));
    filters.put("lower", text("lower", text -> text.toLowerCase(Locale.ROOT)));
    filters.put("capitalize", text("capitalize", Casing::capitalize));
    filters.put("title", text("title", TextFilters::title));
    filters.put("string", (_, value, _) -> value instanceof Markup ? value : Repr.str(value));
    filters.put("trim", TextFilters::trim);
    filters.put("replace", TextFilters::replace);
    filters.put("indent", TextFilters::indent);
    filters.put("truncate", TextFilters::truncate);
    filters.put("format", TextFilters::format);
    filters.put("tojson", (_, value, args) -> Json.filter(value, args));
    filters.put("safe", (_, value, _) -> new Markup(Repr.str(value)));
    filters.put("escape", (_, value, _) -> new Markup(PyText.escaped(value)));
    filters.put("e", (_, value, _) -> new Markup(PyText.escaped(value)));
  }

  private static Filter text(String name, UnaryOperator<String> body) {
    return (_, value, args) -> {
      args.bind(name);
      String result = body.apply(Repr.str(value));
      return value instanceof Markup ? new Markup(result) : result;
    };
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    Matcher separator = WORD_BEGIN.matcher(text);
    int from = 0;
    while (separator.find()) {
      titleWord(text.substring(from, separator.start()), out);
      out.append(separator.group());
      from = separator.end();
    }
    titleWord(text.substring(from), out);
    return out.toString();
  }

  private static void titleWord(String word, StringBuilder out) {
    if (!word.isEmpty()) {
      int first = Character.charCount(word.codePointAt(0));
      out.append(word.substring(0, first).toUpperCase(Locale.ROOT))
          .append(word.substring(first).toLowerCase(Locale.ROOT));
    }
  }

  private static Object trim(Interpreter interpreter, Object value, Arguments args) {
    String text = StringMethods.strip(Repr.str(value), args);
    return value instanceof Markup ? new Markup(text) : text;
  }

  private static Object replace(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("replace", "old", "new", "count=");
    int count = bound.given(2).map(PyNumber::count).orElse(-1);
    return StringMethods.replace(
        Repr.str(value), Repr.str(bound.required(0)), Repr.str(bound.required(1)), count);
  }

  private static String needText(String filter, Object value) {
    return Py.text(value)
        .orElseThrow(() ->
            Undefined.orType(value, "%s needs a string, not '%s'", filter, Py.typeName(value)));
  }

  private static Object indent(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("indent", "width=", "first=", "blank=");
    Object width = bound.or(0, 4L);
    String indention = Py.text(width).orElseGet(() -> (String) Operators.binary("*", " ", width));
    boolean blank = bound.flag(2);
    List<String> lines = PyText.lines(needText("indent", value) + "\n", false);
    StringBuilder out = new StringBuilder(bound.flag(1) ? indention : "");
    for (int i = 0; i < lines.size(); i++) {
      boolean indented = i > 0 && (blank || !lines.get(i).isEmpty());
      out.append(i > 0 ? "\n" : "").append(indented ? indention : "").append(lines.get(i));
      PyText.requireLength(out.length());
    }
    return value instanceof Markup ? new Markup(out.toString()) : out.toString();
  }

  private static Object truncate(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("truncate", "length=", "killwords=", "end=", "leeway=");
    int length = bound.count(0, 255);
    String end = bound.text(2, "...");
    int leeway = bound.given(3).map(PyNumber::count).orElse(5);
    int endLength = PyText.length(end);
    if (length < endLength) {
      throw JinjaException.of(
          "AssertionError", "expected length >= %d, got %d".formatted(endLength, length));
    }
    if (leeway < 0) {
      throw JinjaException.of("AssertionError", "expected leeway >= 0, got " + leeway);
    }
    if (Py.length(value) <= (long) length + leeway) {
      return value;
    }
    String start = PyText.substring(needText("truncate", value), 0, length - endLength);
    if (!bound.flag(1)) {
      int space = start.lastIndexOf(' ');
      start = space < 0 ? start : start.substring(0, space);
    }
    return start + end;
  }

  private static Object format(Interpreter interpreter, Object value, Arguments args) {
    if (!args.positional().isEmpty() && !args.named().isEmpty()) {
      throw Filters.argument("can't handle positional and keyword arguments at the same time");
    }
    Object format = value instanceof Markup ? value : Repr.str(value);
    if (args.named().isEmpty()) {
      return PercentFormat.format(format, new PyTuple(args.positional()));
    }
    PyDict dict = new PyDict();
    args.named().forEach(dict::put);
    return PercentFormat.format(format, dict);
  }
}
