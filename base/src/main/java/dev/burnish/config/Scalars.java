package dev.burnish.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.ToStringSerializer;

/// Values of one word, as people write them: paths unchanged, durations as `90s`.
final class Scalars {
  private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(ms|s|m|h|d)");
  private static final Map<String, Duration> UNITS =
      Map.of(
          "ms", Duration.ofMillis(1),
          "s", Duration.ofSeconds(1),
          "m", Duration.ofMinutes(1),
          "h", Duration.ofHours(1),
          "d", Duration.ofDays(1));

  private Scalars() {}

  static SimpleModule module() {
    return new SimpleModule()
        .addSerializer(Path.class, ToStringSerializer.instance)
        .addSerializer(Duration.class, ToStringSerializer.instance)
        .addDeserializer(Path.class, new Text<>(Path.class, Path::of))
        .addDeserializer(Duration.class, new Text<>(Duration.class, Scalars::duration));
  }

  /// A description of the values that may be written for this type.
  static String expected(Class<?> type) {
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(Object::toString)
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    return switch (type.getSimpleName()) {
      case "int", "long", "short", "Integer", "Long" ->
          "a whole number (" + type.getSimpleName() + ")";
      case "double", "float", "Double", "Float" -> "a number";
      case "boolean", "Boolean" -> "true or false";
      case "String" -> "text";
      case "Duration" -> "a duration such as 500ms, 90s, 5m or 2h";
      case "Path" -> "a path";
      default -> List.class.isAssignableFrom(type) ? "a list" : "keys and values";
    };
  }

  static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text.strip());
    if (matcher.matches()) {
      Duration unit = UNITS.getOrDefault(matcher.group(2), Duration.ZERO);
      return unit.multipliedBy(Long.parseLong(matcher.group(1)));
    }
    return Duration.parse(text);
  }

  private static final class Text<T> extends StdDeserializer<T> {
    private final Class<T> type;
    private final Function<String, T> parse;

    Text(Class<T> type, Function<String, T> parse) {
      super(type);
      this.type = type;
      this.parse = parse;
    }

    @Override
    public @Nullable T deserialize(JsonParser parser, DeserializationContext context) {
      @Nullable String text = parser.getValueAsString();
      if (text == null) {
        return type.cast(context.handleUnexpectedToken(type, parser));
      }
      try {
        return parse.apply(text);
      } catch (DateTimeParseException | InvalidPathException | ArithmeticException e) {
        return type.cast(context.handleWeirdStringValue(type, text, "%s", e.getMessage()));
      }
    }
  }
}
