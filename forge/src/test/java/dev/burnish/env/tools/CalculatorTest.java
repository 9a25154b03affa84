package dev.burnish.env.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CalculatorTest {
  private static final Calculator CALCULATOR = Calculator.exact();

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "47*86; 4042",
        "2 + 3 * 4; 14",
        "(2 + 3) * 4.5; 22.5",
        "0.1 + 0.2; 0.3",
        "1/8; 0.125",
        "1/3; 1/3, about 0.333333333333333",
        "-7/3; -7/3, about -2.33333333333333",
        "-2^2; -4",
        "2^3^2; 512",
        "2**-2; 0.25",
        "7 // 2; 3",
        "-7 // 2; -4",
        "-7 % 3; 2",
        "7.5 % 2; 1.5",
        "6 ÷ 4 × 2 − 1; 2",
        "1.5e3 + 2E-1; 1500.2",
        "sqrt(2.25); 1.5",
        "sqrt(2) > ; ",
        "min(3, 1/2) + max(1, 2, 3); 3.5",
        "round(2.5) + floor(-0.5) + ceil(1.2) + abs(-4); 8",
        "--3; 3",
        ".5 + 5.; 5.5",
        "2^100; 1267650600228229401496703205376",
      })
  void computesExactly(String expression, String value) {
    if (value == null) {
      assertThatThrownBy(() -> CALCULATOR.calculate(expression))
          .isInstanceOf(IllegalArgumentException.class);
      return;
    }
    assertThat(CALCULATOR.calculate(expression)).isEqualTo(value);
  }

  @Test
  void aRootThatIsNotRationalHasThirtyDigits() {
    assertThat(CALCULATOR.calculate("sqrt(2)")).isEqualTo("1.41421356237309504880168872421");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9**9**9",
        "9^9^9^9",
        "2^99999999999999999999",
        "0.1^100000",
        "(1/3)^-9000",
        "1e999999999",
        "1e-99999999999999999999",
        "1/0",
        "0^-1",
        "5 % 0",
        "2^0.5",
        "sqrt(-1)",
        "",
        "()",
        "1 +",
        "1 2",
        "2(3)",
        "abs",
        "abs(1, 2)",
        "exec(1)",
        "__import__",
        "1;2",
        "é",
        "min()",
        "0x10",
        "\u0661",
      })
  void hostileAndMeaninglessExpressionsAreRefusedAtOnce(String expression) {
    assertThatThrownBy(() -> CALCULATOR.calculate(expression))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(120));
  }

  @Test
  void longAndDeepExpressionsAreBounded() {
    for (String part : List.of("(", "-", "2^", "sqrt(", "9*", "1/3+")) {
      assertThatThrownBy(() -> CALCULATOR.calculate(part.repeat(1_990 / part.length())))
          .as(part)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> CALCULATOR.calculate("1".repeat(2_001))).hasMessageContaining("2000");
    assertThatThrownBy(() -> CALCULATOR.calculate("9".repeat(1_990) + "^9"))
        .hasMessageContaining("8192 bits");
    StringBuilder fractions = new StringBuilder("1");
    for (int i = 3; fractions.length() < 1_990; i += 2) {
      fractions.append("+1/").append(i);
    }
    assertThat(CALCULATOR.calculate(fractions.toString())).startsWith("about ");
  }

  @Test
  void anyTextIsAValueOrRefused() {
    String characters = "0123456789.+-*/%^(),e sqrtabminx";
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(24); i >= 0; i--) {
        text.append(characters.charAt(random.nextInt(characters.length())));
      }
      try {
        assertThat(CALCULATOR.calculate(text.toString())).isNotEmpty();
      } catch (IllegalArgumentException e) {
        assertThat(e).as("seed %d: %s", seed, text).hasMessageNotContaining("null");
      }
    }
  }

  @Test
  void wholeNumbersAreThoseOfJava() {
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      BigInteger a = new BigInteger(200, random);
      BigInteger b = new BigInteger(100, random).add(BigInteger.ONE);
      assertThat(CALCULATOR.calculate("%d*%d-%d".formatted(a, b, a)))
          .isEqualTo(a.multiply(b).subtract(a).toString());
      assertThat(CALCULATOR.calculate("%d//%d".formatted(a, b))).isEqualTo(a.divide(b).toString());
      assertThat(CALCULATOR.calculate("%d%%%d".formatted(a, b))).isEqualTo(a.mod(b).toString());
    }
  }

  @Test
  void itIsATool() throws Exception {
    assertThat(Calculator.tools().tools().getFirst().call("{\"expression\": \"6*7\"}"))
        .isEqualTo("42");
  }
}
