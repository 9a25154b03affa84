package dev.burnish.engine.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rollout.Structure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexTest {
  private static final String ALPHABET = "ab1 \n-";

  /// Every text of at most `length` characters of [#ALPHABET].
  private static List<String> texts(int length) {
    List<String> texts = new ArrayList<>(List.of(""));
    for (int from = 0; from < texts.size() && texts.get(from).length() < length; from++) {
      for (int c = 0; c < ALPHABET.length(); c++) {
        texts.add(texts.get(from) + ALPHABET.charAt(c));
      }
    }
    return texts;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "a|b",
        "a|",
        "a*b+",
        "(a|b1)*",
        "(?:ab){2}",
        "(?<name>a){1,3}?",
        "a{2,}",
        "a{0,2}b",
        "(a*)*b",
        "(a|b)?1{2}",
        "[ab]{3}",
        "[^ab]",
        "[a-b1-]+",
        "[^\\d\\s]*",
        "\\w+\\W",
        "\\s\\S",
        "\\D\\d",
        ".b",
        "^a$",
        "^a|b$",
        "\\x61\\u0062",
        "\\-+",
        "(a|ab)(1|b1)",
        "((a?)(b?)){0,3}"
      })
  void matchesWhatJavaMatches(String regex) {
    GrammarState start = Walks.start(new Structure.Regex(regex), Walks.ASCII);
    for (String text : texts(4)) {
      assertThat(Walks.accepts(start, text))
          .as("'%s' by %s", text, regex)
          .isEqualTo(Pattern.matches(regex, text));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "^a", "b$", "^ab$", "^a|b$", "a1|^b", "^$", "", "^[ab]+$", " *1"})
  void aPatternOfASchemaIsFoundAnywhere(String regex) {
    Automaton automaton = new Automaton(Regex.find(regex), Map.of());
    GrammarState start = new Grammar(automaton, TokenTrie.of(Walks.ASCII)).start();
    for (String text : texts(4)) {
      // `$` of Java also stands before a last line break, \z does not.
      boolean expected = Pattern.compile(regex.replace("$", "\\z")).matcher(text).find();
      assertThat(Walks.accepts(start, text)).as("'%s' by %s", text, regex).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "(a; lacks a )",
        "a); has a ) without its beginning",
        "*a; has nothing before *",
        "a{2,1}; bounds that rise: {2,1}",
        "a{99999}; from 0 to 10000 times",
        "a++; quantifier after another",
        "(?=a); look around or set flags",
        "(?<=a); look around or set flags",
        "(?i)a; look around or set flags",
        "(a)\\1; not supported: \\1",
        "a\\b; not supported: \\b",
        "\\p{L}; not supported: \\p",
        "[; lacks a ]",
        "[^\\s\\S]; class of no characters",
        "[b-a]; ranges that rise",
        "[\\d-z]; range between single characters",
        "a^b; at an end of it alone",
        "\\; end in a backslash",
        "\\x6; 2 hexadecimal digits",
        "\\ud800; half of a surrogate pair"
      })
  void whatIsMalformedOrNotRegularIsNamed(String regex, String problem) {
    assertThatThrownBy(() -> Regex.parse(regex))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem)
        .hasMessageContaining("regex=" + regex);
  }

  @Test
  void anExpressionThatIsTooLargeIsRefused() {
    String many = "(a{9000}b{9000}){10}(c{9999}|d{9999})".repeat(12);
    assertThatThrownBy(() -> new Automaton(Regex.parse(many), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 200000 states");
  }
}
