package dev.burnish.engine.draft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SuffixAutomatonTest {
  /// Texts as they grew: each entry is a text after one more token.
  private final List<int[]> grown = new ArrayList<>();

  private int[] extended(int[] text, int token) {
    int[] longer = Arrays.copyOf(text, text.length + 1);
    longer[text.length] = token;
    grown.add(longer);
    return longer;
  }

  private static boolean endsWith(int[] text, int[] end) {
    int from = text.length - end.length;
    return from >= 0 && Arrays.equals(Arrays.copyOfRange(text, from, text.length), end);
  }

  /// How often each token followed a text.
  private int[] followers(int[] text, int tokens) {
    int[] counts = new int[tokens];
    for (int[] each : grown) {
      int token = each[each.length - 1];
      if (endsWith(Arrays.copyOf(each, each.length - 1), text)) {
        counts[token]++;
      }
    }
    return counts;
  }

  @Test
  void theLongestSuffixThatHasGoneOnAndItsLikeliestTokenAreThoseOfASearch() {
    for (int seed = 0; seed < 40; seed++) {
      grown.clear();
      Random random = new Random(seed);
      int tokens = 2 + random.nextInt(3);
      SuffixAutomaton automaton = new SuffixAutomaton();
      int state = SuffixAutomaton.ROOT;
      int[] prompt = new int[0];
      for (int i = 0; i < 12; i++) {
        int token = random.nextInt(tokens);
        prompt = extended(prompt, token);
        state = automaton.extend(state, token);
      }
      int[][] samples = {prompt, prompt, prompt};
      int[] states = {state, state, state};
      for (int i = 0; i < 50; i++) {
        int sample = random.nextInt(3);
        int token = random.nextInt(tokens);
        samples[sample] = extended(samples[sample], token);
        states[sample] = automaton.extend(states[sample], token);
        check(automaton, states[sample], samples[sample], tokens, "seed " + seed);
      }
    }
  }

  private void check(SuffixAutomaton automaton, int state, int[] text, int tokens, String what) {
    int from = 0;
    while (Arrays.stream(followers(Arrays.copyOfRange(text, from, text.length), tokens)).sum()
        == 0) {
      from++;
    }
    int[] suffix = Arrays.copyOfRange(text, from, text.length);
    int[] counts = followers(suffix, tokens);
    int at = automaton.continued(state);
    assertThat(automaton.length(at)).as(what).isEqualTo(suffix.length);
    int edge = automaton.likeliest(at);
    int most = Arrays.stream(counts).max().orElseThrow();
    assertThat(counts[automaton.token(edge)]).as(what).isEqualTo(most);
    assertThat(automaton.share(edge))
        .as(what)
        .isEqualTo((double) most / Arrays.stream(counts).sum());
  }

  @Test
  void repetitiveTextTakesTimeInProportionToItsLength() {
    SuffixAutomaton automaton = new SuffixAutomaton();
    int state = SuffixAutomaton.ROOT;
    for (int i = 0; i < 300_000; i++) {
      state = automaton.extend(state, i % 1_000 == 0 ? 2 : 1);
    }
    assertThat(automaton.length(state)).isEqualTo(300_000);
    assertThat(automaton.token(automaton.likeliest(automaton.continued(state)))).isBetween(1, 2);
  }
}
