package dev.burnish.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

class ToolSetTest {
  enum Unit {
    C,
    F
  }

  record Place(@Description("such as Bern") String city, Optional<String> country) {}

  record Forecast(Unit unit, double degrees) {}

  interface Weather {
    @Description("The weather of places on a day")
    Forecast forecast(
        @Description("at least one") List<Place> places,
        @Description(name = "day_of_year", value = "") int day,
        Optional<Unit> unit);

    String helper(Object notATool);
  }

  interface Everything {
    @Description("all types")
    String take(
        boolean truth,
        char letter,
        byte small,
        short shorter,
        int number,
        long large,
        float rough,
        double real,
        String text,
        Unit unit,
        List<List<Integer>> lists,
        Map<String, Place> places,
        Optional<Map<String, Double>> more);
  }

  private static Weather weather() {
    return new Weather() {
      @Override
      public Forecast forecast(List<Place> places, int day, Optional<Unit> unit) {
        if (day > 366) {
          throw new IllegalArgumentException("no year has a day %d".formatted(day));
        }
        return new Forecast(unit.orElse(Unit.C), places.size() + day / 100.0);
      }

      @Override
      public String helper(Object notATool) {
        return "";
      }
    };
  }

  private static Tool tool() {
    return ToolSet.of(Weather.class, weather()).tools().getFirst();
  }

  @Test
  void aMethodWithADescriptionIsAToolWithASchema() {
    assertThat(ToolSet.of(Weather.class, weather()).tools()).hasSize(1);
    assertThat(JsonMapper.shared().writeValueAsString(tool().schema()))
        .isEqualTo(
            """
            {"type":"function","function":{"name":"forecast","description":"The weather of places on a day",\
            "parameters":{"type":"object","properties":{\
            "places":{"type":"array","items":{"type":"object","properties":{"city":{"type":"string","description":"such as Bern"},"country":{"type":"string"}},"required":["city"],"additionalProperties":false},"description":"at least one"},\
            "day_of_year":{"type":"integer","minimum":-2147483648,"maximum":2147483647},\
            "unit":{"type":"string","enum":["C","F"]}},\
            "required":["places","day_of_year"],"additionalProperties":false}}}\
            """);
  }

  @Test
  void aCallBecomesJavaValuesAndItsResultText() throws Exception {
    assertThat(tool().call("{\"day_of_year\": 12.0, \"places\": [{\"city\": \"Bern\"}]}"))
        .isEqualTo("{\"unit\":\"C\",\"degrees\":1.12}");
    assertThat(
            tool()
                .call(
                    "{\"places\": [{\"city\": \"a\", \"country\": null}, {\"city\": \"b\", \"country\": \"CH\"}], \"day_of_year\": 0, \"unit\": \"F\"}"))
        .isEqualTo("{\"unit\":\"F\",\"degrees\":2.0}");
  }

  @Test
  void everySupportedTypeIsRead() throws Exception {
    List<Object> seen = new ArrayList<>();
    Everything all =
        (Everything)
            Proxy.newProxyInstance(
                ToolSetTest.class.getClassLoader(),
                new Class<?>[] {Everything.class},
                (_, _, arguments) -> {
                  seen.addAll(List.of(arguments));
                  return "done";
                });
    ToolSet.of(Everything.class, all)
        .tools()
        .getFirst()
        .call(
            """
            {"truth": true, "letter": "x", "small": -128, "shorter": 300, "number": 70000,
             "large": 9223372036854775807, "rough": 1.5, "real": 1e300, "text": "é", "unit": "F",
             "lists": [[1], []], "places": {"home": {"city": "Bern"}}, "more": {"a": 2}}\
            """);
    assertThat(seen)
        .containsExactly(
            true,
            'x',
            (byte) -128,
            (short) 300,
            70000,
            Long.MAX_VALUE,
            1.5f,
            1e300,
            "é",
            Unit.F,
            List.of(List.of(1), List.of()),
            Map.of("home", new Place("Bern", Optional.empty())),
            Optional.of(Map.of("a", 2.0)));
  }

  @Test
  void argumentsThatDoNotFitAreRefusedWithEverythingThatWasExpected() {
    assertThatThrownBy(() ->
            tool()
                .call(
                    "{\"places\": [{\"city\": \"Bern\"}, {\"city\": 3}], \"unit\": \"K\", \"when\": 1}"))
        .isInstanceOf(ArgumentsRefused.class)
        .hasMessage(
            "places[1].city must be a text, and is 3; day_of_year is missing: a whole number from -2147483648 to 2147483647;"
                + " unit must be one of \"C\", \"F\", and is \"K\"; when is unknown: there is places, day_of_year, unit");
    for (String day :
        List.of("1.5", "\"3\"", "null", "true", "2147483648", "1e400", "9".repeat(999))) {
      assertThatThrownBy(() -> tool().call("{\"places\": [], \"day_of_year\": " + day + "}"))
          .as(day)
          .isInstanceOf(ArgumentsRefused.class)
          .hasMessageContaining("day_of_year must be a whole number");
    }
    for (String wrong : List.of("[]", "3", "{", "", "\"{}\"", "[".repeat(2000))) {
      assertThatThrownBy(() -> tool().call(wrong))
          .as(wrong)
          .isInstanceOf(ArgumentsRefused.class)
          .hasMessageStartingWith("the arguments must be");
    }
  }

  interface Half {
    @Description("half of a number")
    double half(double number);
  }

  @Test
  void numbersThatAreNoDoubleAreRefused() throws Exception {
    Tool half = ToolSet.of(Half.class, number -> number / 2).tools().getFirst();
    assertThat(half.call("{\"number\": 3}")).isEqualTo("1.5");
    for (String wrong : List.of("1e999", "1" + "0".repeat(400), "\"1\"")) {
      assertThatThrownBy(() -> half.call("{\"number\": %s}".formatted(wrong)))
          .as(wrong)
          .isInstanceOf(ArgumentsRefused.class)
          .hasMessageContaining("number must be a number");
    }
  }

  @Test
  void whatAToolThrowsIsThrownAsItIs() {
    assertThatThrownBy(() -> tool().call("{\"places\": [], \"day_of_year\": 367}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no year has a day 367");
  }

  interface TakesObject {
    @Description("x")
    String take(List<Object> values);
  }

  interface TakesArray {
    @Description("x")
    String take(int[] values);
  }

  interface TakesMapByNumber {
    @Description("x")
    String take(Map<Integer, String> values);
  }

  interface TakesRaw {
    @SuppressWarnings("rawtypes")
    @Description("x")
    String take(List values);
  }

  interface TakesNestedOptional {
    @Description("x")
    String take(List<Optional<String>> values);
  }

  record Node(List<Node> children) {}

  interface TakesTree {
    @Description("x")
    String take(Node root);
  }

  interface Gives {
    @Description("x")
    BigDecimal give();
  }

  static Stream<Class<?>> unsupported() {
    return Stream.of(
        TakesObject.class,
        TakesArray.class,
        TakesMapByNumber.class,
        TakesRaw.class,
        TakesNestedOptional.class,
        TakesTree.class,
        Gives.class);
  }

  @ParameterizedTest
  @MethodSource("unsupported")
  void aTypeThatIsNotSupportedFailsAtTheStartWithTheMethodTheTypeAndTheCure(Class<?> type) {
    assertThatThrownBy(() -> MethodTool.all(type, new Object()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("method=")
        .hasMessageContaining(type.getSimpleName())
        .hasMessageContaining("type=")
        .hasMessageMatching(".*; (use|pass) .*");
  }

  interface Nothing {
    String undocumented();
  }

  interface BadName {
    @Description(name = "not a name", value = "x")
    String call();
  }

  @Test
  void namesAndDocumentationAreRequired() {
    assertThatThrownBy(() -> ToolSet.of(Nothing.class, () -> ""))
        .hasMessageContaining("@Description");
    assertThatThrownBy(() -> ToolSet.of(BadName.class, () -> ""))
        .hasMessageContaining("name=not a");
    ToolSet half = ToolSet.of(Half.class, number -> number / 2);
    assertThatThrownBy(() -> half.with(half)).hasMessageContaining("name=half is there twice");
    assertThat(half.with(ToolSet.of(Weather.class, weather())).names()).isEqualTo("half, forecast");
  }
}
