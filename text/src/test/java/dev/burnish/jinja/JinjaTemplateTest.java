package dev.burnish.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.burnish.jinja.python.JinjaException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T14:07:09.012345Z"), ZoneOffset.UTC);

  private static String render(String template, Map<String, ?> variables) {
    return JinjaTemplate.parse(template).render(variables, Limits.defaults(), CLOCK).text();
  }

  private static String render(String template) {
    return render(template, Map.of());
  }

  private static JinjaException failure(String template) {
    return catchThrowableOfType(JinjaException.class, () -> render(template));
  }

  @Test
  void formatsTheTimeOfTheClock() {
    assertThat(
            render("{{ strftime_now('%d %b %Y %H:%M:%S %A %B %a %j %y %m %p %I %-d %e %F %f') }}"))
        .isEqualTo(
            "05 Mar 2026 14:07:09 Thursday March Thu 064 26 03 PM 02 5  5 2026-03-05 012345");
  }

  @Test
  void tellsTheLineAndKindOfAnError() {
    JinjaException error = failure("a\nb\n{{ missing.attribute }}");
    assertThat(error.type()).isEqualTo("UndefinedError");
    assertThat(error.line()).isEqualTo(3);
    assertThat(error).hasMessage("UndefinedError in line=3: 'missing' is undefined");
    assertThat(failure("{{ raise_exception('no system role') }}").reason())
        .isEqualTo("no system role");
    assertThat(failure("\n\n{% if x %}").line()).isEqualTo(3);
  }

  /// Found by comparing thousands of random templates with Jinja2 3.1.6.
  @Test
  void failsAsJinja2DoesInCornersFoundAtRandom() {
    assertThat(failure("{{ 1|nope }}"))
        .hasMessage("TemplateAssertionError in line=1: No filter named 'nope'.");
    assertThat(failure("{% if 1|nope %}{% endif %}"))
        .hasMessage("TemplateRuntimeError in line=1: No filter named 'nope' found.");
    assertThat(failure("{% filter length %}abc{% endfilter %}").type()).isEqualTo("TypeError");
    assertThat(failure("{% set d = {} %}{{ d[1:] }}").reason())
        .isEqualTo("unhashable type: 'slice'");
  }

  @Test
  void marksWhatTheAssistantSays() {
    Rendering rendering =
        JinjaTemplate.parse(
                "{% for m in l %}<{{ m }}>{% generation %}🙂{{ m }}{% endgeneration %}.{% endfor %}")
            .render(Map.of("l", List.of("a", "bc")), Limits.defaults(), CLOCK);
    assertThat(rendering.text()).isEqualTo("<a>🙂a.<bc>🙂bc.");
    assertThat(rendering.generated())
        .extracting(span -> rendering.text().substring(span.start(), span.end()))
        .containsExactly("🙂a", "🙂bc");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='aaaa') %}{% for a in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='aaaa') %}{% for a in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=9) %}{% for a in range(100) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "{{ 'a' * 999999999 }}",
        "{{ [1] * 999999999 }}",
        "{{ 10 ** 10 ** 10 ** 10 ** 10 ** 10 }}",
        "{{ 'a'.center(999999999) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:99999999}'.format(1) }}",
        "{{ 'aaaa'.replace('', 'x' * 9999999) }}",
        "{% for a in range(99999) %}{{ 'a' * 9999 }}{% endfor %}",
        "{% set s = 'a' * 9999999 %}{% for a in range(99999) %}{{ s|length }}{% endfor %}",
        "{% set s = 'a' * 9999999 %}{% for a in range(99999) %}{% if s == s ~ '' %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 9999999 %}{% for a in range(99999) %}{% if s.upper() %}{% endif %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% set ns = namespace(x=[]) %}{% for a in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for a in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson }}",
        "{% set ns = namespace(x=(1,)) %}{% for a in range(9999) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} }}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 'a'|indent(999999999, true) }}",
        "{{ ['a' * 9999999] * 1000 }}",
      })
  void stopsTemplatesThatWouldNeverEnd(String template) {
    long start = System.nanoTime();
    JinjaException error = failure(template);
    assertThat(error.type()).isIn("LimitExceeded", "RecursionError");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void refusesNestingThatWouldExhaustTheStack() {
    for (String deep :
        List.of(
            "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
            "{{ " + "[".repeat(50_000),
            "{{ " + "not ".repeat(50_000) + "1 }}",
            "{{ " + "-".repeat(50_000) + "1 }}",
            "{{ " + "1 if ".repeat(50_000),
            "{{ a" + "[a".repeat(50_000),
            "{% if 1 %}".repeat(50_000),
            "{% for a in b %}".repeat(50_000))) {
      assertThat(failure(deep).type()).isEqualTo("TemplateSyntaxError");
    }
    assertThat(failure("{{ 1" + "|abs".repeat(100_000) + " }}").type())
        .isIn("RecursionError", "TemplateSyntaxError");
  }

  @Test
  void keepsTheLimitsItIsGiven() {
    JinjaTemplate template = JinjaTemplate.parse("{% for a in range(100) %}abc{% endfor %}");
    assertThatThrownBy(() -> template.render(Map.of(), Limits.defaults().withOutput(299), CLOCK))
        .hasMessageContaining("must not write more than 299 characters");
    assertThatThrownBy(() -> template.render(Map.of(), Limits.defaults().withSteps(100), CLOCK))
        .hasMessageContaining("must not take more than 100 steps");
    assertThat(template.render(Map.of(), Limits.defaults().withOutput(300), CLOCK).text())
        .hasSize(300);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ x.getClass() }}",
        "{{ x.class.forName('java.lang.Runtime') }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ x.append(1) }}",
        "{{ d.update({'a': 1}) }}",
        "{{ d.__class__() }}",
        "{{ range.__globals__.x }}",
        "{{ '{0.__class__.__mro__}'.format(x) }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as p %}",
        "{% extends '/etc/passwd' %}",
      })
  void givesNoWayToJavaOrFiles(String template) {
    assertThatThrownBy(() -> render(template, Map.of("x", List.of(1), "d", Map.of())))
        .isInstanceOf(JinjaException.class);
  }

  @Test
  void takesOnlyPlainValues() {
    assertThatThrownBy(() -> render("{{ x }}", Map.of("x", new Object())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("class=java.lang.Object");
  }

  @Test
  void failsOnlyWithItsOwnExceptionOnMutatedTemplates() {
    String seedTemplate =
        "{% set ns = namespace(a=0) %}{% for m in l if m is defined %}{%- set ns.a = ns.a + loop.index %}"
            + "{{ m|upper ~ '%s' % (ns.a,) }}{{ l[::-1]|join(', ') }}{% else %}{{ x.y['z'] }}{% endfor %}"
            + "{% macro f(a, b=2) %}{{ a is even }}{{ caller() }}{% endmacro %}{% call(c) f(3) %}{{ c }}{% endcall %}"
            + "{# c #}{% raw %}{{ }}{% endraw %}{% filter trim %} {{ {'a': 1.5e3}|tojson(indent=2) }} {% endfilter %}";
    String alphabet = "{}%#-+|.()[]'\"=:,~ \\\n012abcxyz_é🙂";
    for (int seed = 0; seed < 4000; seed++) {
      Random random = new Random(seed);
      StringBuilder mutant = new StringBuilder(seedTemplate);
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        int at = random.nextInt(mutant.length());
        switch (random.nextInt(3)) {
          case 0 -> mutant.deleteCharAt(at);
          case 1 -> mutant.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
          default -> mutant.delete(at, Math.min(mutant.length(), at + random.nextInt(12)));
        }
      }
      try {
        render(mutant.toString(), Map.of("l", List.of("a", "b"), "x", Map.of()));
      } catch (JinjaException expected) {
        assertThat(expected.type()).isNotEmpty();
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("seed=%d template=%s".formatted(seed, mutant), e);
      }
    }
  }
}
