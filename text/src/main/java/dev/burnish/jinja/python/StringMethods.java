package dev.burnish.jinja.python;

import dev.burnish.jinja.python.Arguments.Bound;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// The methods of `str`.
public final class StringMethods {
  /// A method, with the text that it belongs to.
  private interface Method {
    Object call(String text, Arguments arguments);
  }

  private static final Set<String> WITH_KEYWORDS =
      Set.of("split", "rsplit", "splitlines", "format", "replace");

  private static final Map<String, Method> METHODS =
      Map.ofEntries(
          plain("upper", text -> text.toUpperCase(Locale.ROOT)),
          plain("lower", text -> text.toLowerCase(Locale.ROOT)),
          plain("capitalize", Casing::capitalize),
          plain("title", Casing::title),
          all("isspace", PyText::isSpace),
          all("isalpha", Character::isLetter),
          all("isalnum", c -> Character.isLetter(c) || Casing.isNumeric(c)),
          all("isdigit", Casing::isDigit),
          all("isdecimal", Character::isDigit),
          all("isnumeric", Casing::isNumeric),
          test("islower", text -> Casing.isCased(text, Character::isLowerCase)),
          test("isupper", text -> Casing.isCased(text, Character::isUpperCase)),
          Map.entry("strip", StringMethods::strip),
          Map.entry("lstrip", StringMethods::lstrip),
          Map.entry("rstrip", StringMethods::rstrip),
          Map.entry("split", (text, args) -> Splitting.split(text, args)),
          Map.entry("rsplit", (text, args) -> Splitting.splitFromRight(text, args)),
          Map.entry("splitlines", StringMethods::splitLines),
          Map.entry("partition", (text, args) -> Splitting.partition(text, args)),
          Map.entry("rpartition", (text, args) -> Splitting.partitionFromRight(text, args)),
          Map.entry("replace", StringMethods::replace),
          Map.entry("startswith", (text, args) -> affix("startswith", text, args)),
          Map.entry("endswith", (text, args) -> affix("endswith", text, args)),
          Map.entry("find", (text, args) -> Search.of("find", text, args).first()),
          Map.entry("rfind", (text, args) -> Search.of("rfind", text, args).last()),
          Map.entry("index", (text, args) -> found(Search.of("index", text, args).first())),
          Map.entry("rindex", (text, args) -> found(Search.of("rindex", text, args).last())),
          Map.entry("count", (text, args) -> Search.of("count", text, args).count()),
          Map.entry("join", StringMethods::join),
          Map.entry("removeprefix", StringMethods::removePrefix),
          Map.entry("removesuffix", StringMethods::removeSuffix),
          Map.entry("center", (text, args) -> pad("center", PyText.Side.CENTER, text, args)),
          Map.entry("ljust", (text, args) -> pad("ljust", PyText.Side.LEFT, text, args)),
          Map.entry("rjust", (text, args) -> pad("rjust", PyText.Side.RIGHT, text, args)),
          Map.entry("zfill", StringMethods::zeroFill),
          Map.entry("format", StrFormat::format));

  private StringMethods() {}

  private static Map.Entry<String, Method> plain(String name, UnaryOperator<String> body) {
    return Map.entry(
        name,
        (text, args) -> {
          args.bind(name);
          return body.apply(text);
        });
  }

  private static Map.Entry<String, Method> test(String name, Predicate<String> body) {
    return Map.entry(
        name,
        (text, args) -> {
          args.bind(name);
          return body.test(text);
        });
  }

  private static Map.Entry<String, Method> all(String name, IntPredicate predicate) {
    return test(name, text -> !text.isEmpty() && text.codePoints().allMatch(predicate));
  }

  static Optional<Callable> of(String text, String name) {
    return Optional.ofNullable(METHODS.get(name))
        .map(method ->
            args -> {
              if (!args.named().isEmpty() && !WITH_KEYWORDS.contains(name)) {
                throw JinjaException.type("str.%s() takes no keyword arguments", name);
              }
              return method.call(text, args);
            });
  }

  /// The text without white space at its ends, or without the characters that are given.
  public static String strip(String text, Arguments arguments) {
    return lstrip(rstrip(text, arguments), arguments);
  }

  private static Optional<String> stripped(Arguments arguments) {
    return arguments
        .bind("strip", "chars=")
        .given(0)
        .map(chars ->
            Py.text(chars).orElseThrow(() -> JinjaException.type("strip arg must be None or str")));
  }

  private static String lstrip(String text, Arguments arguments) {
    Optional<String> set = stripped(arguments);
    int start = 0;
    while (set.isPresent()
        && start < text.length()
        && set.get().indexOf(text.codePointAt(start)) >= 0) {
      start += Character.charCount(text.codePointAt(start));
    }
    return set.isEmpty() ? PyText.lstrip(text) : text.substring(start);
  }

  private static String rstrip(String text, Arguments arguments) {
    Optional<String> set = stripped(arguments);
    int end = text.length();
    while (set.isPresent() && end > 0 && set.get().indexOf(text.codePointBefore(end)) >= 0) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return set.isEmpty() ? PyText.rstrip(text) : text.substring(0, end);
  }

  private static Object splitLines(String text, Arguments arguments) {
    boolean keep = arguments.bind("splitlines", "keepends=").flag(0);
    return new PyList(new ArrayList<>(PyText.lines(text, keep)));
  }

  private static Object replace(String text, Arguments arguments) {
    Bound bound = arguments.bind("replace", "old", "new", "count=");
    return replace(text, bound.text(0), bound.text(1), bound.count(2, -1));
  }

  /// The text with the first occurrences replaced.
  ///
  /// @param most how many are replaced; all where it is negative
  public static String replace(String text, String old, String replacement, int most) {
    int limit = most < 0 ? Integer.MAX_VALUE : most;
    StringBuilder out = new StringBuilder();
    int copied = 0;
    int from = 0;
    for (int n = 0; n < limit && from <= text.length(); n++) {
      int at = text.indexOf(old, from);
      if (at < 0) {
        break;
      }
      out.append(text, copied, at).append(replacement);
      PyText.requireLength(out.length());
      copied = at + old.length();
      boolean within = old.isEmpty() && at < text.length();
      from = copied + (within ? Character.charCount(text.codePointAt(at)) : old.isEmpty() ? 1 : 0);
    }
    return PyText.checked(out.append(text, copied, text.length()).toString());
  }

  private static Object affix(String name, String text, Arguments arguments) {
    Bound bound = arguments.bind(name, "affix", "start=", "end=");
    int length = PyText.length(text);
    int start = Search.clamp(bound.given(1).map(PyNumber::count).orElse(0), length);
    int end =
        Math.min(length, Search.clamp(bound.given(2).map(PyNumber::count).orElse(length), length));
    if (start > end) {
      return false;
    }
    String part = PyText.substring(text, start, end);
    List<Object> affixes =
        bound.required(0) instanceof PyTuple tuple ? tuple.items() : List.of(bound.required(0));
    for (Object affix : affixes) {
      String wanted = affixText(name, affix);
      if (name.equals("startswith") ? part.startsWith(wanted) : part.endsWith(wanted)) {
        return true;
      }
    }
    return false;
  }

  private static String affixText(String name, Object affix) {
    return Py.text(affix)
        .orElseThrow(() ->
            Undefined.orType(
                affix,
                "%s first arg must be str or a tuple of str, not %s",
                name,
                Py.typeName(affix)));
  }

  private static Object found(long index) {
    if (index < 0) {
      throw JinjaException.value("substring not found");
    }
    return index;
  }

  private static Object join(String text, Arguments arguments) {
    Iterator<Object> items = Py.iterate(arguments.bind("join", "iterable").required(0));
    StringBuilder out = new StringBuilder();
    for (int i = 0; items.hasNext(); i++) {
      Object item = items.next();
      if (!Py.isText(item)) {
        throw JinjaException.type(
            "sequence item %d: expected str instance, %s found", i, Py.typeName(item));
      }
      out.append(i == 0 ? "" : text).append(Repr.str(item));
      PyText.requireLength(out.length());
    }
    return out.toString();
  }

  private static Object removePrefix(String text, Arguments arguments) {
    String affix = arguments.bind("removeprefix", "prefix").text(0);
    return text.startsWith(affix) ? text.substring(affix.length()) : text;
  }

  private static Object removeSuffix(String text, Arguments arguments) {
    String affix = arguments.bind("removesuffix", "suffix").text(0);
    return text.endsWith(affix) ? text.substring(0, text.length() - affix.length()) : text;
  }

  private static Object pad(String name, PyText.Side side, String text, Arguments arguments) {
    Bound bound = arguments.bind(name, "width", "fillchar=");
    String fill = bound.text(1, " ");
    if (PyText.length(fill) != 1) {
      throw JinjaException.type("The fill character must be exactly one character long");
    }
    return PyText.pad(text, side, PyNumber.count(bound.required(0)), fill);
  }

  private static Object zeroFill(String text, Arguments arguments) {
    int width = PyNumber.count(arguments.bind("zfill", "width").required(0));
    int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    return text.substring(0, sign)
        + PyText.pad(text.substring(sign), PyText.Side.RIGHT, width - sign, "0");
  }
}
