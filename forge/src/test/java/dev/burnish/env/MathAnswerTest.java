package dev.burnish.env;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.burnish.rollout.Reward;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MathAnswerTest {
  private static final MathAnswer REWARD = new MathAnswer();

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\u0001',
      textBlock =
          """
          72 ; 72.0
          1,234 ; 1234
          1{,}234 ; 1234
          10\\,000 ; 10000
          $5 ; 5
          \\$1,000.50 ; 1000.5
          11,\\! 111,\\! 100 ; 11111100
          5\\,x ; 5x
          4210_{5} ; 4210_5
          -3 ; -3.00
          \\frac{1}{2} ; 0.5
          \\dfrac12 ; \\frac{1}{2}
          \\frac1{72} ; 1/72
          \\frac{3}{6} ; 1/2
          3\\frac{1}{2} ; 3.5
          -3\\frac12 ; -7/2
          \\sqrt{8} ; 2\\sqrt{2}
          \\sqrt[3]{27} ; 3
          \\frac{1}{\\sqrt{3}} ; \\frac{\\sqrt{3}}{3}
          \\frac{1}{1+\\sqrt2} ; \\sqrt2 - 1
          \\frac{\\pi}{2} ; \\pi/2
          0.5\\pi ; \\frac{\\pi}{2}
          3\\cdot10^5 ; 300000
          3 \\times 10^{5} ; 300000
          2^{10} ; 1024
          5! ; 120
          \\binom{5}{2} ; 10
          10\\% ; 10
          10\\% ; 0.1
          0.1 ; 10\\%
          5\\text{ cm} ; 5
          5 cm ; 5 \\text{cm}
          90^\\circ ; 90
          90^{\\circ} ; 90 degrees
          x = 5 ; 5
          x=5 ; x = 5
          x^2+2x+1 ; (x+1)^2
          2xy ; 2yx
          \\{1,2,3\\} ; \\{3, 1, 2\\}
          1, 2 ; 2, 1
          2 \\text{ or } 3 ; 3, 2
          1 \\pm \\sqrt{2} ; 1-\\sqrt2, 1+\\sqrt2
          (1, 2) ; \\left( 1, 2 \\right)
          [0, 1) ; \\left[0,1\\right)
          (-\\infty, 2] ; (-\\infty,2]
          (1,2)\\cup(3,4) ; (3,4) \\cup (1,2)
          \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix} ; \\begin{bmatrix}1&2\\\\3&\\frac82\\end{bmatrix}
          \\text{Evelyn} ; evelyn
          (C) ; C
          \\text{(C)} ; C
          \\frac{x+1}{x-1} ; \\frac{2x+2}{2x-2}
          """)
  void equalAnswersAreRight(String answer, String target) {
    assertThat(MathAnswer.equal(answer, target)).as("%s = %s", answer, target).isTrue();
    assertThat(MathAnswer.equal(target, answer)).as("%s = %s", target, answer).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\u0001',
      textBlock =
          """
          72 ; 73
          72 ; -72
          3.14 ; \\pi
          3.14159265358979 ; \\pi
          1.41421356237 ; \\sqrt2
          0.333 ; 1/3
          1,234 ; 1.234
          (1,234) ; 1234
          [0,1) ; (0,1]
          [0,1] ; (0,1)
          (1,2) ; (2,1)
          (1,2) ; \\{1,2\\}
          \\{1,2\\} ; \\{1,2,3\\}
          \\{1,1\\} ; \\{1,2\\}
          \\begin{pmatrix}1\\\\2\\end{pmatrix} ; \\begin{pmatrix}1&2\\end{pmatrix}
          \\begin{pmatrix}1\\\\2\\end{pmatrix} ; 1
          \\begin{vmatrix}1&2\\\\3&4\\end{vmatrix} ; \\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}
          5 cm ; 5 km
          5 cm^2 ; 5 cm
          2xy ; 2
          2 x ; 2
          10\\% ; 1
          0.1 ; 10
          x=5 ; y=5
          tea ; eat
          2 or 3 ; 6
          12 ; 1 2
          3 \\frac{1}{2} ; 1.6
          2\\sqrt{3} ; 3\\sqrt{2}
          x^2 ; x^3
          \\sin(x) ; \\cos(x)
          1/0 ; 2/0
          (1,2)\\cup(3,4) ; (1,2)
          72 and 73 ; 72
          '' ; 5
          """)
  void differentAnswersAreWrong(String answer, String target) {
    assertThat(MathAnswer.equal(answer, target)).as("%s = %s", answer, target).isFalse();
    assertThat(MathAnswer.equal(target, answer)).as("%s = %s", target, answer).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          so 48 + 24 = 72 #### 72 ; 72
          #### 1,234 ; 1234
          #### $1,234.50 ; 1234.5
          #### -5 apples. ; -5
          #### 7. ; 7
          #### 3 #### 4 ; 4
          \\boxed{1} then \\boxed{\\frac{1}{2}} ; 0.5
          #### 1 no, \\boxed{2} ; 2
          \\boxed{2} no, #### 1 ; 1
          #### **72** ; 72
          """)
  void theLastMarkedAnswerCounts(String completion, String target) {
    assertThat(REWARD.evaluate("", completion, target)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "72",
        "the answer is 72",
        "#### 72 or 73",
        "#### 73 #### 74",
        "####",
        "#### \n72",
        "#### 72/73",
        "#### 72 thousand",
        "#### 7,2",
        "\\boxed{72",
        "\\boxed{72} but rather \\boxed{",
        "\\boxed{}",
        "\\boxed 72 {72}",
        "\\boxed{\\boxed{71}}"
      })
  void whatIsNotMarkedOrNotReadableIsWrong(String completion) {
    assertThat(REWARD.evaluate("", completion, "72")).isZero();
  }

  @Test
  void aWholeSolutionMayBeTheTarget() {
    assertThat(REWARD.evaluate("", "\\boxed{1200}", "600 * 2\n#### 1,200")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9^{9^{9^9}}",
        "1000000!",
        "2^{-99999999999}",
        "\\sqrt{99999999999999999999999}",
        "\\frac",
        "\\frac{1}",
        "^",
        "{}",
        "(((((",
        ")",
        "\\begin{pmatrix}",
        "\\sqrt[",
        "1..2",
        "\\"
      })
  void anAttackOnTheCheckerEndsSoonAndIsWrong(String answer) {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> {
          assertThat(MathAnswer.equal(answer, "5")).isFalse();
          assertThatCode(() -> MathAnswer.equal("(".repeat(5000) + answer, answer))
              .doesNotThrowAnyException();
          assertThatCode(() -> MathAnswer.equal("(x+y+z)^{64}" + answer, "(a+b+c+d)^{60}"))
              .doesNotThrowAnyException();
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"$", "1,000", "(", "{", "-", " ", "\\text{a}", "5 cm ", "1,"})
  void aVeryLongAnswerEndsSoonAndIsWrong(String part) {
    String answer = part.repeat(200_000);
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> {
          assertThat(REWARD.evaluate("", "#### " + answer, "5")).isZero();
          assertThat(REWARD.evaluate("", "\\boxed{" + answer + "}", "5")).isZero();
        });
  }

  @Test
  void randomTextNeverThrows() {
    String alphabet = "0123456789.,+-*/^!(){}[]\\$%|&xyfracsqt \n";
    for (long seed = 0; seed < 20_000; seed++) {
      var random = new java.util.Random(seed);
      var text = new StringBuilder();
      for (int i = random.nextInt(14); i >= 0; i--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String answer = text.toString();
      assertThatCode(() -> MathAnswer.equal(answer, "5"))
          .as("seed %d: '%s'", seed, answer)
          .doesNotThrowAnyException();
      assertThatCode(() -> MathAnswer.extract("#### " + answer + "\\boxed{" + answer))
          .as("seed %d: '%s'", seed, answer)
          .doesNotThrowAnyException();
    }
  }

  @Test
  void formatIsRightOnlyWithAMarkedAnswerAtTheEnd() {
    var format = new FormatReward();

    assertThat(format.evaluate("", "thinking\n#### 5", "9")).isEqualTo(1);
    assertThat(format.evaluate("", "so \\boxed{5}.\n", "9")).isEqualTo(1);
    assertThat(format.evaluate("", "#### 5\nor not", "5")).isZero();
    assertThat(format.evaluate("", "\\boxed{ }", "5")).isZero();
    assertThat(format.evaluate("", "", "5")).isZero();
  }

  @Test
  void thinkingIsRightWithOneBlockAtTheBeginning() {
    var think = new ThinkReward();

    assertThat(think.evaluate("", "<think>hm</think>5", "")).isEqualTo(1);
    assertThat(think.evaluate("", "<think></think>5", "")).isEqualTo(0.2);
    assertThat(think.evaluate("", "<think>a</think><think>b</think>", "")).isEqualTo(0.2);
    assertThat(think.evaluate("", "5", "")).isZero();
  }

  @Test
  void rewardsAddUp() {
    Reward sum = REWARD.plus(0.1, new FormatReward());

    assertThat(sum.evaluate("", "#### 5", "5")).isEqualTo(1.1);
    assertThat(Reward.exact().evaluate("", " 12\n", "12")).isEqualTo(1);
    assertThat(Reward.exact().evaluate("", "12.", "12")).isZero();
  }
}
