package dev.burnish.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.burnish.rollout.Structure;
import dev.burnish.testing.SharedFiles;
import dev.burnish.text.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/// Texts against another implementation of JSON schemas.
class JsonSchemaTest {
  private static final SchemaRegistry VALIDATORS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  static List<String> schemas() {
    return List.of(
        "{'type': 'object', 'properties': {'name': {'type': 'string', 'maxLength': 12}, 'age':"
            + " {'type': 'integer', 'minimum': 0, 'maximum': 150}}, 'required': ['name', 'age'],"
            + " 'additionalProperties': false}",
        "{'type': 'object', 'properties': {'a': {'type': 'null'}, 'b': {'type': 'boolean'}, 'c':"
            + " {'const': 'x\\n\\\"y'}}, 'required': ['b']}",
        "{'type': 'object', 'properties': {'a': {'enum': [1, 'a', null, [true], {'k': 2.5}]}},"
            + " 'additionalProperties': {'type': 'integer'}}",
        "{'type': 'array', 'items': {'type': 'number'}, 'minItems': 1, 'maxItems': 4}",
        "{'type': 'array', 'prefixItems': [{'type': 'string'}, {'type': 'integer'}], 'items':"
            + " {'type': 'boolean'}, 'minItems': 1}",
        "{'type': 'array', 'prefixItems': [{'type': 'null'}, {'type': 'null'}], 'items': false}",
        "{'type': ['string', 'null'], 'minLength': 2, 'maxLength': 5}",
        "{'type': 'string', 'pattern': '^[A-Z][a-z]{1,4}( \\\\d{2}|\\\"\\\\\\\\)$'}",
        "{'type': 'string', 'pattern': '[a-m]'}",
        "{'type': 'integer', 'exclusiveMinimum': -12, 'maximum': 7}",
        "{'type': 'number', 'minimum': 0}",
        "{'anyOf': [{'type': 'integer'}, {'type': 'array', 'items': {'type': 'null'}, 'maxItems':"
            + " 2}]}",
        "{'oneOf': [{'type': 'object', 'properties': {'kind': {'const': 'a'}, 'x': {'type':"
            + " 'integer'}}, 'required': ['kind', 'x']}, {'type': 'object', 'properties': {'kind':"
            + " {'const': 'b'}, 'y': {'type': 'boolean'}}, 'required': ['kind']}, {'type':"
            + " 'string', 'maxLength': 3}]}",
        "{'$ref': '#/$defs/tree', '$defs': {'tree': {'title': 'A tree', 'type': 'object',"
            + " 'properties': {'value': {'type': 'integer'}, 'children': {'type': 'array', 'items':"
            + " {'$ref': '#/$defs/tree'}, 'maxItems': 2}}, 'required': ['value'],"
            + " 'additionalProperties': false}}}",
        "{'type': 'object', 'properties': {'next': {'anyOf': [{'$ref': '#'}, {'type': 'null'}]}},"
            + " 'required': ['next']}",
        "{'type': 'object', 'properties': {'ä/~': {'allOf': [{'$ref': '#/$defs/a~1b'}]}},"
            + " 'required': ['ä/~'], '$defs': {'a/b': {'type': 'boolean'}}}",
        "{'properties': {'a': {}}, 'required': ['a']}",
        "{}",
        "true",
        "{'type': 'object'}");
  }

  private static String json(String schema) {
    return schema.replace('\'', '"');
  }

  private static GrammarState start(String schema, Tokenizer tokenizer) {
    return Walks.start(new Structure.JsonSchema(json(schema)), tokenizer);
  }

  private static void requireValid(String schema, String text) {
    Schema validator = VALIDATORS.getSchema(json(schema));
    assertThat(validator.validate(JsonMapper.shared().readTree(text)))
        .as("%s under %s", text, schema)
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void whateverIsDrawnIsValid(String schema) {
    GrammarState start = start(schema, Walks.ASCII);
    int ended = 0;
    for (int seed = 0; seed < 12; seed++) {
      List<String> closing = List.of("\"", "}", "]", "a");
      Optional<int[]> tokens = Walks.random(start, Walks.ASCII, closing, new Random(seed));
      if (tokens.isPresent()) {
        requireValid(schema, Walks.ASCII.decode(tokens.get()));
        ended++;
      }
    }
    assertThat(ended).isGreaterThan(6);
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void whateverIsDrawnFromAPublishedVocabularyIsValid(String schema) {
    Tokenizer tokenizer = Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
    GrammarState start = start(schema, tokenizer);
    int ended = 0;
    for (int seed = 0; seed < 2; seed++) {
      List<String> closing = List.of("\"", "}", "]");
      Optional<int[]> tokens = Walks.random(start, tokenizer, closing, new Random(seed));
      if (tokens.isPresent()) {
        requireValid(schema, tokenizer.decode(tokens.get()));
        ended++;
      }
    }
    assertThat(ended).isPositive();
  }

  private static void requireAccepted(String schema, String... texts) {
    for (String text : texts) {
      requireValid(schema, text);
      assertThat(Walks.accepts(start(schema, Walks.ASCII), text)).as(text).isTrue();
    }
  }

  private static void requireRefused(String schema, String... texts) {
    for (String text : texts) {
      assertThat(Walks.accepts(start(schema, Walks.ASCII), text)).as(text).isFalse();
    }
  }

  @Test
  void membersComeInOrderAndOptionalOnesMayBeMissing() {
    String schema =
        "{'type': 'object', 'properties': {'a': {'type': 'integer'}, 'b': {'type': 'integer'}, 'c':"
            + " {'type': 'integer'}}, 'required': ['b']}";
    requireAccepted(
        schema,
        "{\"b\":1}",
        "{\"a\": 1, \"b\": 2, \"c\": 3}",
        "{\"b\":2,\"c\":3}",
        "{\n  \"a\": 1,\n  \"b\": 2\n}");
    requireRefused(
        schema,
        "{}",
        "{\"a\":1}",
        "{\"b\":1,\"a\":2}",
        "{\"b\":1,}",
        "{\"b\":1,\"d\":2}",
        "{\"b\":1");
  }

  @Test
  void otherMembersHaveOtherNames() {
    String schema =
        "{'type': 'object', 'properties': {'ab': {'type': 'integer'}, 'a': {'type': 'integer'}},"
            + " 'additionalProperties': {'type': 'null'}}";
    requireAccepted(
        schema, "{}", "{\"ab\":1,\"x\":null}", "{\"\":null,\"abc\":null,\"b\":null}", "{\"a\":7}");
    requireRefused(
        schema,
        "{\"ab\":null}",
        "{\"a\":1,\"ab\":1}",
        "{\"a\":null}",
        "{\"x\":1}",
        "{\"\\u0061\":null}");
  }

  @Test
  void lengthsAreThoseOfCharacters() {
    String schema = "{'type': 'string', 'minLength': 2, 'maxLength': 3}";
    requireAccepted(schema, "\"ab\"", "\"\\\"\\u00e4\"", "\"€😀ä\"", "\"\\n\\n\\n\"");
    requireRefused(schema, "\"a\"", "\"abcd\"", "\"😀\"", "\"\\ud83d\\ude00\"", "\"a\nb\"");
  }

  @Test
  void numbersOfItemsAreBounded() {
    String pairs =
        "{'type': 'array', 'prefixItems': [{'type': 'integer'}, {'type': 'null'}],"
            + " 'items': {'type': 'boolean'}, 'minItems': 1, 'maxItems': 3}";
    requireAccepted(pairs, "[1]", "[1,null]", "[1, null, true]");
    requireRefused(pairs, "[]", "[null]", "[1,true]", "[1,null,true,true]", "[1,]");
    String some = "{'type': 'array', 'items': {'type': 'integer'}, 'minItems': 2, 'maxItems': 3}";
    requireAccepted(some, "[1,2]", "[1,2,3]");
    requireRefused(some, "[]", "[1]", "[1,2,3,4]");
    requireAccepted("{'type': 'array', 'maxItems': 0}", "[]", "[ ]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type': 'string', 'format': 'date'}; keyword=format",
        "{'type': 'array', 'uniqueItems': true}; keyword=uniqueItems",
        "{'type': 'integer', 'multipleOf': 3}; keyword=multipleOf",
        "{'type': 'object', 'patternProperties': {}}; keyword=patternProperties",
        "{'not': {}}; keyword=not",
        "{'if': {}, 'then': {}}; keyword=if",
        "{'type': 'object', 'minProperties': 2}; keyword=minProperties",
        "{'type': 'string', 'pattern': 'a', 'maxLength': 3}; keyword=pattern next to minLength",
        "{'type': 'number', 'maximum': 3}; keyword=maximum of a number",
        "{'$ref': '#/$defs/a', 'type': 'string', '$defs': {'a': {}}}; keyword=type next to $ref",
        "{'allOf': [{}, {}]}; keyword=allOf of more than one",
        "{'oneOf': [{'type': 'integer'}, {'type': 'number'}]}; exclude each other",
        "{'oneOf': [{'enum': [1]}, {'enum': [1.0, 2]}]}; exclude each other",
        "{'$ref': '#/$defs/b'}; $ref must point into the schema",
        "{'$ref': 'https://example.com/schema'}; $ref must point into the schema",
        "{'$ref': '#'}; must not consist of itself: $ref=#",
        "{'anyOf': [{'type': 'null'}, {'$ref': '#'}]}; must not consist of itself",
        "{'type': 'text'}; type must be one of",
        "{'type': 'integer', 'minimum': 3, 'maximum': 2}; must have a range",
        "{'type': 'string', 'minLength': -1}; minLength must be a whole number",
        "{'type': 'object', 'properties': {}, 'required': ['a']}; required must name properties",
        "{'type': 'string', 'enum': [1]}; must have a value of the type",
        "{'type': 'string', 'pattern': '('}; lacks a )",
        "{'anyOf': []}; anyOf must be a list",
        "false; must be an object or true",
        "{'type'; must be JSON"
      })
  void whatIsNotSupportedIsNamed(String schemaAndProblem) {
    int split = schemaAndProblem.lastIndexOf("; ");
    assertThatThrownBy(() -> start(schemaAndProblem.substring(0, split), Walks.ASCII))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(schemaAndProblem.substring(split + 2));
  }
}
