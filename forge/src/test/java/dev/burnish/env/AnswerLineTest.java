package dev.burnish.env;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The text that may stand next to the number of an answer, and the text that changes the number.
class AnswerLineTest {
  private static final MathAnswer REWARD = new MathAnswer();

  /// Each changes the value of the number that follows, or leaves open what it is.
  private static final List<String> CHANGING_BEFORE =
      List.of(
          "\u2212",
          "\u2013",
          "\u2010",
          "\u2011",
          "\u2012",
          "\u2014",
          "\ufe63",
          "\uff0d",
          "\u207b",
          "\u2796",
          "-",
          "- ",
          "-$",
          "$-",
          "\u2212$",
          "--",
          "+-",
          "\u00b1",
          "\u2213",
          "\\pm ",
          "\\mp ",
          "\u221a",
          "\u221a ",
          "\\sqrt",
          "\u221b",
          "\u221c",
          "1/",
          "\u00bd",
          "\u00bd ",
          "2 \u00d7 ",
          "2*",
          "*",
          "/",
          "10^",
          "x^",
          "^",
          "_",
          "<",
          ">",
          "\u2264",
          "\u2265",
          "\u2248",
          "~",
          "\\approx ",
          "\\le ",
          "\\ge ",
          "\\sim ",
          "\u2260",
          "\\neq ",
          "!",
          "|",
          "\u00ac",
          "not ",
          "is not ",
          "minus ",
          "negative ",
          "about ",
          "nearly ",
          "almost ",
          "at least ",
          "at most ",
          "under ",
          "over ",
          "less than ",
          "more than ",
          "up to ",
          "twice ",
          "double ",
          "half of ",
          "half ",
          "a third of ",
          "square root of ",
          "root ",
          "the reciprocal of ",
          "log ",
          "ln ",
          "sin ",
          "0.",
          "1,",
          "3:",
          "5-",
          "5\u2013",
          "one hundred ",
          "two ",
          "x",
          "k",
          "n!/",
          "0x",
          "2^",
          "-(",
          "\\frac{1}",
          "\\log ",
          "\\overline",
          "10 ^ ");

  /// The same after it.
  private static final List<String> CHANGING_AFTER =
      List.of(
          "\u00bd",
          "\u00bc",
          "\u2153",
          " \u00bd",
          "\u00b2",
          "\u00b3",
          "\u2070",
          "\u207b\u00b9",
          "\u207f",
          "\u2082",
          "k",
          "K",
          "m",
          "M",
          "B",
          "b",
          "T",
          "bn",
          "mn",
          "tn",
          "mil",
          "mln",
          "mio",
          "mrd",
          " k",
          " K",
          " M",
          " B",
          " bn",
          " mln",
          " million",
          " millions",
          "million",
          " Millionen",
          " millones",
          " milhões",
          " milliard",
          " billion",
          " trillion",
          " zillion",
          " hundred",
          " thousand",
          " thousands",
          " Tausend",
          " dozen",
          " dozens",
          " Dozen",
          " score",
          " gross",
          " grand",
          " lakh",
          " lakhs",
          " crore",
          " lac",
          " myriad",
          " half",
          " halves",
          " thirds",
          " quarters",
          " fourths",
          " fifths",
          " tenths",
          " hundredths",
          " thousandths",
          " and a half",
          " and one",
          " point six",
          " pairs",
          " couples",
          " trio",
          " two",
          " mille",
          "-fold",
          " fold",
          "\u2030",
          "\u2031",
          " permille",
          " per mille",
          " per thousand",
          " bps",
          " basis points",
          "!",
          "!!",
          " !",
          "^2",
          "^{2}",
          "**2",
          "**",
          "^",
          "_8",
          "_{8}",
          "e3",
          "e",
          "E5",
          "x",
          "y",
          "i",
          "j",
          "\\pi",
          "\u03c0",
          " pi",
          "\\sqrt{2}",
          "\u221a2",
          "/2",
          "/x",
          ":3",
          ":",
          "-",
          " -",
          "-6",
          "\u20136",
          " to 6",
          " or 6",
          " or more",
          " or less",
          "+",
          "+3",
          " + 3",
          "*2",
          "\u00d72",
          " x 10^3",
          " squared",
          " cubed",
          " doubled",
          " tripled",
          " halved",
          " plus",
          " minus",
          " plus two",
          " times 3",
          " times two",
          " is wrong",
          " is not it",
          " not",
          " isn't it",
          " maybe",
          "?",
          " perhaps",
          " at least",
          " at most",
          " or so",
          " below zero",
          " wait",
          "...",
          "\u2026",
          "..",
          "\u0305",
          "\u20d7",
          "\u2460",
          "\u4e94",
          "\u4e07",
          " \u4e07",
          "\u5104",
          "\u2168",
          "\u0665",
          "\uff15",
          "th",
          "nd",
          "'",
          "''",
          "\u2032",
          ",5",
          ",55",
          ",5555",
          ".5",
          ".000.000,5",
          "\u20ac5",
          "$6",
          " 6",
          "\u00a06",
          "\u2009\u00bd",
          "%%",
          "\\%\\%",
          "\u200b6",
          "]",
          ")",
          "(2)",
          "#",
          "=6",
          " = 6",
          "<6",
          " < x",
          "\\times",
          "\\cdot 2",
          "\\div 2",
          "\\over 2",
          "{,}000",
          "'000",
          "\u2019000",
          "\u00a0000",
          "\u202f000",
          "\u2009000",
          "\u066b5",
          "\uff05\uff05",
          " theta",
          " log",
          " mod 3",
          " choose 2",
          " base 8",
          " binary",
          " repeating");

  private static final List<String> HARMLESS_BEFORE =
      List.of(
          "",
          "$",
          "$ ",
          "\\$",
          "+",
          "\u20ac",
          "\u00a3",
          "\u20b9",
          "US$",
          "USD ",
          "Rs. ",
          "Rs ",
          "= ",
          "x = ",
          "x=",
          "The answer is ",
          "The answer is: ",
          "Answer: ",
          "Final answer: ",
          "So ",
          "Total: ",
          "Total = ",
          "The grand total is ",
          "The sum is ",
          "She has ",
          "It costs $",
          "Therefore, the answer is ",
          "\u7b54\u6848\uff1a");

  private static final List<String> HARMLESS_AFTER =
      List.of(
          "",
          ".",
          ",",
          ";",
          " ",
          ".0",
          ".00",
          "%",
          "\\%",
          " %",
          " percent",
          "\uff05",
          "\u00b0",
          " \u00b0C",
          " dollars",
          " dollars.",
          " apples",
          " apples.",
          " apples!",
          " red apples",
          " more apples",
          " years old",
          " cm",
          " km",
          " kg",
          "km",
          "cm",
          "kg",
          "g",
          "h",
          " m",
          " g",
          " ml",
          " L",
          " mph",
          " miles per hour",
          " miles/hour",
          " square feet",
          " cubic meters",
          " cm^2",
          " m^2",
          " hours",
          " times",
          " cents",
          "\u00a2",
          "\u20ac",
          " \u20ac",
          " USD",
          " students' books",
          " left over",
          " (dollars)",
          " \\text{ apples}",
          "\\text{ cm}",
          " bed-sheets");

  private static final List<String> AROUND =
      List.of(
          "**%s**",
          "*%s*",
          "__%s__",
          "_%s_",
          "***%s***",
          "`%s`",
          "\"%s\"",
          "'%s'",
          "\u201c%s\u201d",
          "$%s$",
          "\\(%s\\)",
          "\\[%s\\]",
          "\\text{%s}",
          "\\mathbf{%s}",
          "**The answer is %s**",
          "**Answer:** %s",
          "**%s** apples",
          "**%s apples.**",
          "$%s$ dollars",
          "$x = %s$");

  @Test
  void aNumberIsWorthNothingWhereAnythingChangesIt() {
    List<String> wrong = new ArrayList<>();
    for (long seed = 0; seed < 8; seed++) {
      int number = 2 + new Random(seed).nextInt(9997);
      String target = Integer.toString(number);
      for (String before : CHANGING_BEFORE) {
        Stream.of(before, before + "$", "The answer is " + before, "x = " + before)
            .filter(start -> worth(start + target, target) != 0)
            .forEach(start -> wrong.add("#### " + start + target));
      }
      for (String after : CHANGING_AFTER) {
        Stream.of("", "$", "The answer is ", "-", "x = ")
            .filter(
                start -> worth(start + target + after, start.replaceAll("[^-]", "") + target) != 0)
            .forEach(start -> wrong.add("#### " + start + target + after));
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void aNumberIsWorthOneWhereNothingChangesIt() {
    List<String> refused = new ArrayList<>();
    for (long seed = 0; seed < 8; seed++) {
      int number = new Random(seed).nextInt(1_000_000);
      String target = Integer.toString(number);
      String grouped = String.format(Locale.ROOT, "%,d", number);
      Stream.of(target, grouped, grouped.replace(',', '\u202f'))
          .flatMap(AnswerLineTest::decorated)
          .filter(line -> worth(line, target) != 1)
          .forEach(refused::add);
      Stream.of("-" + target, "\u2212$" + target + " dollars", "x = \u2013" + target)
          .filter(line -> worth(line, "-" + target) != 1)
          .forEach(refused::add);
    }
    assertThat(refused).isEmpty();
  }

  private static Stream<String> decorated(String number) {
    Stream<String> beside =
        HARMLESS_BEFORE.stream()
            .flatMap(before -> HARMLESS_AFTER.stream().map(after -> before + number + after));
    return Stream.concat(beside, AROUND.stream().map(around -> around.formatted(number)));
  }

  private static double worth(String line, String target) {
    return REWARD.evaluate("", "#### " + line, target);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\u0001',
      textBlock =
          """
          −5 ; -5
          The answer is -5 apples. ; -5
          –5 ; -5
          ﹣5 ; -5
          －5 ; -5
          ⁻5 ; -5
          -$5 ; -5
          $-5 ; -5
          - 5 ; -5
          −1,234.5 ; -1234.5
          ½ ; 0.5
          2½ ; 2.5
          2 ½ ; 5/2
          −2½ ; -2.5
          1/2 ; 0.5
          -1/2 ; -0.5
          1⁄2 ; 0.5
          2 1/2 ; 2.5
          -2 1/2 ; -5/2
          1/2 cup ; 0.5
          \\frac{1}{2} ; 1/2
          $\\dfrac{3}{4}$ ; 0.75
          2\\frac{1}{2} ; 2.5
          5² ; 25
          5^2 ; 25
          5^{2} ; 25
          2⁻¹ ; 0.5
          √25 ; 5
          \\sqrt{25} ; 5
          $\\sqrt{8}$ ; 2\\sqrt{2}
          1e3 ; 1000
          1.5e-3 ; 0.0015
          3 × 10^5 ; 300000
          3×10⁵ ; 300000
          1.5 x 10^{3} ; 1500
          3 \\times 10^{5} ; 300000
          ５ ; 5
          ٥ ; 5
          १२ ; 12
          𝟓 ; 5
          1’234 ; 1234
          1'234'567 ; 1234567
          .5 ; 0.5
          0.50 ; 0.5
          72 ; 72.0
          """)
  void whatIsUnderstoodHasItsValue(String line, String target) {
    assertThat(worth(line, target)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\u0001',
      textBlock =
          """
          5½ ; 5
          5² ; 5
          √25 ; 25
          1/2 ; 1
          1/2 ; 2
          2 1/2 ; 2
          1.000,00 ; 1
          1.000,00 ; 1000
          1.000.000 ; 1
          1,00 ; 1
          1,0000 ; 10000
          1 000 ; 1
          (5) ; 5
          (5) ; -5
          ($5) ; -5
          5–6 ; 5
          5 - 6 ; -1
          5-6 ; -1
          3:4 ; 0.75
          48+24 ; 72
          6*2 ; 12
          x^2 ; 2
          2x ; 2
          1/2/3 ; 1/2
          2^3^2 ; 8
          0.\\overline{3} ; 0.3
          0.333... ; 0.333
          3.14… ; 3.14
          [0, 5] ; 5
          $5$6 ; 56
          "5"6 ; 56
          five ; 5
          John 5 ; 5
          Answer - 5 ; 5
          Answer - 5 ; -5
          Answer — 5 ; 5
          5: ; 5
          """)
  void whatIsOtherwiseIsWrong(String line, String target) {
    assertThat(worth(line, target)).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '\u0001',
      textBlock =
          """
          \\boxed{5}. ; 5
          $\\boxed{5}$ ; 5
          $$x = \\boxed{-5}$$ ; -5
          is \\boxed{5} dollars ; 5
          \\boxed{5}\\% ; 5
          $\\boxed{90}^\\circ$ ; 90
          $\\boxed{5}$ square feet ; 5
          x \\le \\boxed{5} ; 5
          x \\approx \\boxed{3.14} ; 3.14
          \\$\\boxed{5} ; 5
          - \\boxed{5} ; 5
          so it is - \\boxed{5} ; 5
          \\boxed{5} - that is all ; 5
          **\\boxed{5}** ; 5
          **Answer:** \\boxed{5} ; 5
          **Answer: \\boxed{5}** ; 5
          It is 5. \\boxed{5} ; 5
          \\boxed{5}\\text{ cm} ; 5
          \\boxed{–5} ; -5
          \\boxed{5½} ; 5.5
          \\boxed{2 1/2} ; 2.5
          \\boxed{5²} ; 25
          \\boxed{√25} ; 5
          \\boxed{90°} ; 90
          \\boxed{5~\\text{cm}} ; 5
          \\boxed{10\\,000} ; 10000
          \\boxed{x=5} ; 5
          """)
  void aBoxHoldsAWholeNumber(String completion, String target) {
    assertThat(REWARD.evaluate("", completion, target)).as(completion).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-\\boxed{5}",
        "−\\boxed{5}",
        "= - \\boxed{5}",
        "10 - \\boxed{5}",
        "$-\\boxed{5}$",
        "\\sqrt{\\boxed{5}}",
        "\\sqrt\\boxed{5}",
        "√\\boxed{5}",
        "\\frac{1}{\\boxed{5}}",
        "\\frac{\\boxed{5}}{2}",
        "2\\boxed{5}",
        "2 \\cdot \\boxed{5}",
        "2 × \\boxed{5}",
        "1/\\boxed{5}",
        "x^\\boxed{5}",
        "x^{\\boxed{5}}",
        "½\\boxed{5}",
        "\\boxed{5}^2",
        "\\boxed{5}²",
        "\\boxed{5}!",
        "\\boxed{5}/2",
        "\\boxed{5}½",
        "\\boxed{5}k",
        "\\boxed{5}K",
        "\\boxed{5} million",
        "$\\boxed{5}$ million",
        "\\boxed{5}\\text{ thousand}",
        "\\boxed{5} dozens",
        "\\boxed{5} squared",
        "\\boxed{5}0",
        "\\boxed{5}.5",
        "\\boxed{5} \\times 10^3",
        "\\boxed{5} + 3",
        "\\boxed{5 million}",
        "\\boxed{5\\text{ thousand}}",
        "\\boxed{5 dozen}",
        "\\boxed{5 dozens of eggs}",
        "\\boxed{5 squared}",
        "\\boxed{5 thirds}",
        "\\boxed{5 lakh}",
        "\\boxed{5 wrong}",
        "\\boxed{5 per thousand}",
        "\\boxed{5½}",
        "\\boxed{5²}",
        "\\boxed{\\sqrt{5}}",
        "\\boxed{√5}",
        "\\boxed{~5}",
        "\\boxed{≈5}",
        "\\boxed{\\approx 5}",
        "\\boxed{<5}",
        "\\boxed{5k}",
        "\\boxed{5‰}",
        "\\boxed{5i}",
        "\\boxed{5_8}",
        "\\boxed{5..}",
        "\\boxed{5...}",
        "\\boxed{5\\ldots}",
        "\\boxed{5:1}",
        "\\boxed{5-6}",
        "\\boxed{5 or 6}",
        "\\boxed{5!}",
        "\\boxed{\\overline{5}}",
        "\\boxed{\\text{not }5}",
        "\\boxed{\\text{minus }5}"
      })
  void whatTouchesABoxOrIsInItCounts(String completion) {
    assertThat(REWARD.evaluate("", completion, "5")).as(completion).isZero();
  }

  @ParameterizedTest
  @CsvSource({"5~6, 56", "5\\,6, 56", "5\\ 6, 56", "5$6, 56", "5\\quad 6, 56", "5!!, 15"})
  void twoNumbersSideBySideAreNotOne(String answer, String target) {
    assertThat(MathAnswer.equal(answer, target)).isFalse();
  }

  @Test
  void spacesThatAreNoTextHaveNoForm() {
    assertThat(new ThinkReward().evaluate("", "<think>\u00a0\u200b</think>5", "")).isEqualTo(0.2);
    assertThat(new FormatReward().evaluate("", "\\boxed{\\,\u00a0}", "")).isZero();
    assertThat(new FormatReward().evaluate("", "\\boxed{\\emptyset}", "")).isEqualTo(1);
  }
}
