package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Arguments.Bound;
import dev.burnish.text.jinja.Filters.Filter;
import dev.burnish.text.jinja.Value.DictView;
import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.None;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Filters that make text.
final class TextFilters {
  private static final Pattern WORD_BEGIN =
      Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern BAD_ATTRIBUTE = Pattern.compile("[\\s/>=]");

  private TextFilters() {}

  static void register(Map<String, Filter> filters) {
    filters.put("upper", text("upper", text -> text.toUpperCase(Locale.ROOT)));
    filters.put("lower", text("lower", text -> text.toLowerCase(Locale.ROOT)));
    filters.put("capitalize", text("capitalize", Casing::capitalize));
    filters.put("title", text("title", TextFilters::title));
    filters.put("striptags", (_, value, _) -> stripTags(Repr.str(value)));
    filters.put("string", (_, value, _) -> value instanceof Markup ? value : Repr.str(value));
    filters.put("trim", TextFilters::trim);
    filters.put("replace", TextFilters::replace);
    filters.put("center", TextFilters::center);
    filters.put("indent", TextFilters::indent);
    filters.put("truncate", TextFilters::truncate);
    filters.put("wordcount", (_, value, _) -> WORD.matcher(Repr.str(value)).results().count());
    filters.put("wordwrap", TextFilters::wordWrap);
    filters.put("format", TextFilters::format);
    filters.put("tojson", (_, value, args) -> Json.filter(value, args));
    filters.put("pprint", (_, value, _) -> Repr.sorted(value));
    filters.put("safe", (_, value, _) -> new Markup(Repr.str(value)));
    filters.put("escape", (_, value, _) -> new Markup(Operators.escaped(value)));
    filters.put("e", (_, value, _) -> new Markup(Operators.escaped(value)));
    filters.put("forceescape", (_, value, _) -> new Markup(PyText.escapeHtml(Repr.str(value))));
    filters.put("urlencode", (_, value, _) -> urlEncode(value));
    filters.put("xmlattr", TextFilters::xmlAttributes);
    filters.put(
        "urlize",
        (_, _, _) -> {
          throw Filters.argument("urlize is not supported by chat templates");
        });
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
    String text = StringMethods.strip(Repr.str(value), args, true, true);
    return value instanceof Markup ? new Markup(text) : text;
  }

  private static Object replace(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("replace", "old", "new", "count=");
    int count = bound.given(2).map(PyNumber::count).orElse(-1);
    return StringMethods.replace(
        Repr.str(value), Repr.str(bound.required(0)), Repr.str(bound.required(1)), count);
  }

  private static Object center(Interpreter interpreter, Object value, Arguments args) {
    int width = args.bind("center", "width=").count(0, 80);
    return StringMethods.pad("center", Repr.str(value), width, " ");
  }

  private static String needText(String filter, Object value) {
    return Py.text(value)
        .orElseThrow(() ->
            value instanceof Undefined undefined
                ? undefined.failure()
                : JinjaException.type("%s needs a string, not '%s'", filter, Py.typeName(value)));
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
      Operators.length(1, out.length());
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

  private static Object wordWrap(Interpreter interpreter, Object value, Arguments args) {
    Bound bound =
        args.bind("wordwrap", "width=", "break_long_words=", "wrapstring=", "break_on_hyphens=");
    int width = bound.count(0, 79);
    if (width <= 0) {
      throw JinjaException.value("invalid width %d (must be > 0)", width);
    }
    boolean breakLong = bound.get(1).map(Py::truth).orElse(true);
    boolean hyphens = bound.get(3).map(Py::truth).orElse(true);
    String separator = bound.given(2).map(Repr::str).orElse("\n");
    List<String> wrapped = new ArrayList<>();
    for (String line : PyText.lines(needText("wordwrap", value), false)) {
      wrapped.add(String.join(separator, TextWrap.wrap(line, width, breakLong, hyphens)));
    }
    return Operators.checked(String.join(separator, wrapped));
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

  private static Object stripTags(String text) {
    String stripped = text.replaceAll("(?s)<!--.*?-->", "").replaceAll("<[^>]*>", "");
    StringBuilder words = new StringBuilder();
    for (Object word : Splitting.words(stripped, Integer.MAX_VALUE)) {
      words.append(words.isEmpty() ? "" : " ").append(word);
    }
    return words
        .toString()
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", "\u00A0")
        .replace("&amp;", "&");
  }

  private static Object urlEncode(Object value) {
    if (Py.isText(value) || !Py.isIterable(value)) {
      return quote(Repr.str(value), false);
    }
    Iterator<Object> pairs =
        value instanceof PyDict dict ? dict.iterator(DictView.Kind.ITEMS) : Py.iterate(value);
    List<String> parts = new ArrayList<>();
    while (pairs.hasNext()) {
      List<Object> pair = Py.list(pairs.next());
      if (pair.size() != 2) {
        throw JinjaException.value("urlencode needs pairs, not %d values", pair.size());
      }
      parts.add(quote(Repr.str(pair.get(0)), true) + "=" + quote(Repr.str(pair.get(1)), true));
    }
    return String.join("&", parts);
  }

  private static String quote(String text, boolean query) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letter || "_.-~".indexOf(c) >= 0 || (c == '/' && !query)) {
        out.append(c);
      } else if (c == ' ' && query) {
        out.append('+');
      } else {
        out.append("%%%02X".formatted((int) c));
      }
    }
    return out.toString();
  }

  private static Object xmlAttributes(Interpreter interpreter, Object value, Arguments args) {
    Optional<Object> space = args.bind("xmlattr", "autospace=").get(0);
    if (!(value instanceof PyDict dict)) {
      throw JinjaException.type("xmlattr needs a dict, not '%s'", Py.typeName(value));
    }
    StringBuilder out = new StringBuilder();
    for (PyDict.Entry entry : dict.entries()) {
      if (entry.value() == None.NONE || entry.value() instanceof Undefined) {
        continue;
      }
      String key = needText("xmlattr", entry.key());
      if (BAD_ATTRIBUTE.matcher(key).find()) {
        throw JinjaException.value("Invalid character in attribute name: %s", Repr.ofString(key));
      }
      out.append(out.isEmpty() ? "" : " ")
          .append("%s=\"%s\"".formatted(PyText.escapeHtml(key), Operators.escaped(entry.value())));
    }
    boolean leading = !out.isEmpty() && space.map(Py::truth).orElse(true);
    return leading ? " " + out : out.toString();
  }
}
