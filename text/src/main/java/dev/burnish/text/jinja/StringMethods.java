package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Arguments.Bound;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/// The methods of `str`.
final class StringMethods {
  /// A method, with the text that it belongs to.
  private interface Method {
    Object call(String text, Arguments arguments);
  }

  private static final Set<String> WITH_KEYWORDS =
      Set.of("split", "rsplit", "splitlines", "expandtabs", "encode", "format", "replace");

  private static final Map<String, Method> METHODS =
      Map.ofEntries(
          plain("upper", text -> text.toUpperCase(Locale.ROOT)),
          plain("lower", text -> text.toLowerCase(Locale.ROOT)),
          plain("casefold", text -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT)),
          plain("capitalize", Casing::capitalize),
          plain("title", Casing::title),
          plain("swapcase", Casing::swap),
          is("isspace", PyText::isSpace),
          is("isalpha", Character::isLetter),
          is("isalnum", c -> Character.isLetter(c) || Casing.isNumeric(c)),
          is("isdecimal", Character::isDigit),
          is("isdigit", Casing::isDigit),
          is("isnumeric", Casing::isNumeric),
          Map.entry("isascii", (text, _) -> text.chars().allMatch(c -> c < 128)),
          Map.entry("isprintable", (text, _) -> text.codePoints().allMatch(Repr::isPrintable)),
          plainTest("islower", text -> Casing.isCased(text, Character::isLowerCase)),
          plainTest("isupper", text -> Casing.isCased(text, Character::isUpperCase)),
          plainTest("istitle", Casing::isTitle),
          plainTest("isidentifier", Casing::isIdentifier),
          Map.entry("strip", (text, args) -> strip(text, args, true, true)),
          Map.entry("lstrip", (text, args) -> strip(text, args, true, false)),
          Map.entry("rstrip", (text, args) -> strip(text, args, false, true)),
          Map.entry("split", (text, args) -> split(text, args, false)),
          Map.entry("rsplit", (text, args) -> split(text, args, true)),
          Map.entry("splitlines", StringMethods::splitLines),
          Map.entry("partition", (text, args) -> partition(text, args, false)),
          Map.entry("rpartition", (text, args) -> partition(text, args, true)),
          Map.entry("replace", StringMethods::replace),
          Map.entry("startswith", (text, args) -> affix(text, args, true)),
          Map.entry("endswith", (text, args) -> affix(text, args, false)),
          Map.entry("find", (text, args) -> Search.of("find", text, args).first()),
          Map.entry("rfind", (text, args) -> Search.of("rfind", text, args).last()),
          Map.entry("index", (text, args) -> found(Search.of("index", text, args).first())),
          Map.entry("rindex", (text, args) -> found(Search.of("rindex", text, args).last())),
          Map.entry("count", (text, args) -> Search.of("count", text, args).count()),
          Map.entry("join", StringMethods::join),
          Map.entry("removeprefix", (text, args) -> remove(text, args, true)),
          Map.entry("removesuffix", (text, args) -> remove(text, args, false)),
          Map.entry("center", (text, args) -> pad("center", text, args)),
          Map.entry("ljust", (text, args) -> pad("ljust", text, args)),
          Map.entry("rjust", (text, args) -> pad("rjust", text, args)),
          Map.entry("zfill", StringMethods::zeroFill),
          Map.entry("expandtabs", StringMethods::expandTabs),
          Map.entry("format", StrFormat::format),
          Map.entry("format_map", StrFormat::formatMap),
          Map.entry("encode", StringMethods::unsupported),
          Map.entry("maketrans", StringMethods::unsupported),
          Map.entry("translate", StringMethods::unsupported));

  private StringMethods() {}

  private static Map.Entry<String, Method> plain(
      String name, java.util.function.UnaryOperator<String> body) {
    return Map.entry(
        name,
        (text, args) -> {
          args.bind(name);
          return body.apply(text);
        });
  }

  private static Map.Entry<String, Method> plainTest(
      String name, java.util.function.Predicate<String> body) {
    return Map.entry(
        name,
        (text, args) -> {
          args.bind(name);
          return body.test(text);
        });
  }

  private static Map.Entry<String, Method> is(String name, IntPredicate predicate) {
    return plainTest(name, text -> !text.isEmpty() && text.codePoints().allMatch(predicate));
  }

  static Optional<Object> bound(String text, String name) {
    return Optional.ofNullable(METHODS.get(name))
        .flatMap(method ->
            Methods.method(name, (_, arguments) -> method.call(text, allowed(name, arguments))));
  }

  private static Arguments allowed(String name, Arguments arguments) {
    if (!arguments.named().isEmpty() && !WITH_KEYWORDS.contains(name)) {
      throw JinjaException.type("str.%s() takes no keyword arguments", name);
    }
    return arguments;
  }

  private static Object unsupported(String text, Arguments arguments) {
    throw JinjaException.type("this method of str is not supported by templates");
  }

  static String strip(String text, Arguments arguments, boolean left, boolean right) {
    Optional<Object> chars = arguments.bind("strip", "chars=").given(0);
    if (chars.isEmpty()) {
      return left && right ? PyText.strip(text) : left ? PyText.lstrip(text) : PyText.rstrip(text);
    }
    String set =
        Py.text(chars.get())
            .orElseThrow(() -> JinjaException.type("strip arg must be None or str"));
    int start = 0;
    int end = text.length();
    while (left && start < end && set.indexOf(text.codePointAt(start)) >= 0) {
      start += Character.charCount(text.codePointAt(start));
    }
    while (right && end > start && set.indexOf(text.codePointBefore(end)) >= 0) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(start, end);
  }

  private static Object split(String text, Arguments arguments, boolean fromRight) {
    Bound bound = arguments.bind("split", "sep=", "maxsplit=");
    int most = bound.count(1, -1);
    int limit = most < 0 ? Integer.MAX_VALUE : most;
    if (bound.given(0).isEmpty()) {
      return new PyList(
          fromRight ? Splitting.wordsFromRight(text, limit) : Splitting.words(text, limit));
    }
    String separator = bound.text(0);
    if (separator.isEmpty()) {
      throw JinjaException.value("empty separator");
    }
    return new PyList(
        fromRight
            ? Splitting.bySeparatorFromRight(text, separator, limit)
            : Splitting.bySeparator(text, separator, limit));
  }

  private static Object splitLines(String text, Arguments arguments) {
    boolean keep = arguments.bind("splitlines", "keepends=").flag(0);
    return new PyList(new ArrayList<>(PyText.lines(text, keep)));
  }

  private static Object partition(String text, Arguments arguments, boolean last) {
    String separator = arguments.bind("partition", "sep").text(0);
    if (separator.isEmpty()) {
      throw JinjaException.value("empty separator");
    }
    int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return last ? PyTuple.of("", "", text) : PyTuple.of(text, "", "");
    }
    return PyTuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static Object replace(String text, Arguments arguments) {
    Bound bound = arguments.bind("replace", "old", "new", "count=");
    return replace(text, bound.text(0), bound.text(1), bound.count(2, -1));
  }

  static String replace(String text, String old, String replacement, int most) {
    int limit = most < 0 ? Integer.MAX_VALUE : most;
    StringBuilder out = new StringBuilder();
    int copied = 0;
    int from = 0;
    for (int n = 0; n < limit; n++) {
      int at = from > text.length() ? -1 : text.indexOf(old, from);
      if (at < 0) {
        break;
      }
      out.append(text, copied, at).append(replacement);
      Operators.length(1, out.length());
      copied = at + old.length();
      from = copied;
      if (old.isEmpty()) {
        from += at < text.length() ? Character.charCount(text.codePointAt(at)) : 1;
      }
    }
    return Operators.checked(out.append(text, copied, text.length()).toString());
  }

  private static Object affix(String text, Arguments arguments, boolean atStart) {
    String name = atStart ? "startswith" : "endswith";
    Bound bound = arguments.bind(name, "affix", "start=", "end=");
    int length = PyText.length(text);
    int start = Search.clamp(bound.given(1).map(PyNumber::count).orElse(0), length);
    int end = Search.clamp(bound.given(2).map(PyNumber::count).orElse(length), length);
    if (start > end) {
      return false;
    }
    String part = PyText.substring(text, start, end);
    List<Object> affixes =
        bound.required(0) instanceof PyTuple tuple ? tuple.items() : List.of(bound.required(0));
    for (Object affix : affixes) {
      String wanted =
          Py.text(affix)
              .orElseThrow(() ->
                  affix instanceof Undefined undefined
                      ? undefined.failure()
                      : JinjaException.type(
                          "%s first arg must be str or a tuple of str, not %s",
                          name, Py.typeName(affix)));
      if (atStart ? part.startsWith(wanted) : part.endsWith(wanted)) {
        return true;
      }
    }
    return false;
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
      Operators.length(1, out.length());
    }
    return out.toString();
  }

  private static Object remove(String text, Arguments arguments, boolean prefix) {
    String affix = arguments.bind("removeprefix", "affix").text(0);
    if (prefix ? !text.startsWith(affix) : !text.endsWith(affix)) {
      return text;
    }
    return prefix
        ? text.substring(affix.length())
        : text.substring(0, text.length() - affix.length());
  }

  private static Object pad(String name, String text, Arguments arguments) {
    Bound bound = arguments.bind(name, "width", "fillchar=");
    int width = PyNumber.count(bound.required(0));
    String fill = bound.text(1, " ");
    if (PyText.length(fill) != 1) {
      throw JinjaException.type("The fill character must be exactly one character long");
    }
    return pad(name, text, width, fill);
  }

  static String pad(String name, String text, int width, String fill) {
    int missing = width - PyText.length(text);
    if (missing <= 0) {
      return text;
    }
    Operators.length(fill.length(), missing);
    int left =
        switch (name) {
          case "center" -> missing / 2 + (missing & width & 1);
          case "rjust" -> missing;
          default -> 0;
        };
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  private static Object zeroFill(String text, Arguments arguments) {
    int width = PyNumber.count(arguments.bind("zfill", "width").required(0));
    boolean signed = text.startsWith("-") || text.startsWith("+");
    String digits = signed ? text.substring(1) : text;
    return (signed ? text.substring(0, 1) : "")
        + pad("rjust", digits, signed ? width - 1 : width, "0");
  }

  private static Object expandTabs(String text, Arguments arguments) {
    int size = arguments.bind("expandtabs", "tabsize=").count(0, 8);
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\t') {
        int spaces = size > 0 ? size - column % size : 0;
        Operators.length(1, out.length() + (long) spaces);
        out.append(" ".repeat(spaces));
        column += spaces;
      } else {
        out.append(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}
