package dev.burnish.data;

import java.io.Reader;
import java.io.Serial;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The values of a JSON text, one after the other. `NaN`, `Infinity` and `-Infinity` are numbers,
/// as Python writes them.
final class JsonText implements AutoCloseable {
  private static final int MAX_DEPTH = 1000;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final JsonParser parser;
  private Optional<String> twice = Optional.empty();

  private JsonText(Reader reader) {
    parser = FACTORY.createParser(ObjectReadContext.empty(), reader);
  }

  static JsonText of(Reader reader) {
    return new JsonText(reader);
  }

  /// A value with the line that it begins on, counted from 1.
  ///
  /// @param twice a field that an object in it has twice
  record Value(JsonNode node, int line, Optional<String> twice) {}

  /// A text that is not JSON, with a message in our words.
  static final class Malformed extends Exception {
    @Serial private static final long serialVersionUID = 1;

    private final String reason;
    private final boolean incomplete;
    private final int line;

    private Malformed(String reason, boolean incomplete, int line, Throwable cause) {
      super(reason, cause);
      this.reason = reason;
      this.incomplete = incomplete;
      this.line = line;
    }

    String reason() {
      return reason;
    }

    /// Whether the text is the beginning of a longer one.
    boolean incomplete() {
      return incomplete;
    }

    int line() {
      return line;
    }
  }

  /// All values of a text.
  static List<Value> values(String text) throws Malformed {
    List<Value> values = new ArrayList<>();
    try (JsonText json = of(new StringReader(text))) {
      for (var value = json.next(); value.isPresent(); value = json.next()) {
        values.add(value.get());
      }
    }
    return values;
  }

  /// The next value; empty at the end of the text, or of the array that was entered.
  Optional<Value> next() throws Malformed {
    try {
      @Nullable JsonToken token = parser.nextToken();
      if (token == null || token == JsonToken.END_ARRAY) {
        return Optional.empty();
      }
      twice = Optional.empty();
      int line = parser.currentTokenLocation().getLineNr();
      return Optional.of(new Value(value(token), line, twice));
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /// Steps into the array that the text consists of: its elements are the values.
  void enterArray() throws Malformed {
    try {
      parser.nextToken();
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /// The number of characters read, up to the end of the last value.
  long length() {
    return parser.currentLocation().getCharOffset();
  }

  /// The line on which the last value ends.
  int line() {
    return parser.currentLocation().getLineNr();
  }

  private JsonNode value(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> object();
      case START_ARRAY -> array();
      case VALUE_STRING -> NODES.stringNode(parser.getString());
      case VALUE_NUMBER_INT -> integer();
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      default -> NODES.nullNode();
    };
  }

  private JsonNode integer() {
    return switch (parser.getNumberType()) {
      case INT -> NODES.numberNode(parser.getIntValue());
      case LONG -> NODES.numberNode(parser.getLongValue());
      default -> NODES.numberNode(parser.getBigIntegerValue());
    };
  }

  private ObjectNode object() {
    ObjectNode object = NODES.objectNode();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      twice = object.has(name) ? Optional.of(name) : twice;
      object.set(name, value(parser.nextToken()));
    }
    return object;
  }

  private ArrayNode array() {
    ArrayNode array = NODES.arrayNode();
    for (JsonToken next = parser.nextToken();
        next != JsonToken.END_ARRAY;
        next = parser.nextToken()) {
      array.add(value(next));
    }
    return array;
  }

  private Malformed malformed(JacksonException e) {
    TokenStreamLocation place =
        Optional.ofNullable(e.getLocation()).orElseGet(parser::currentLocation);
    int line = place.getLineNr();
    int column = place.getColumnNr();
    boolean incomplete = e instanceof UnexpectedEndOfInputException;
    String message =
        switch (e) {
          case UnexpectedEndOfInputException _ -> "it ends before it is complete";
          case StreamConstraintsException _ ->
              "values are nested at most %d deep; it is deeper".formatted(MAX_DEPTH);
          case JacksonException _ when e.getCause() instanceof CharacterCodingException ->
              "it has bytes that are not UTF-8";
          case JacksonException _ when line > 1 ->
              "it is not after line %d, column %d".formatted(line, column);
          default -> "it is not after column %d".formatted(column);
        };
    return new Malformed(message, incomplete, line, e);
  }

  @Override
  public void close() {
    parser.close();
  }
}
