package dev.burnish.engine.draft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DraftsTest {
  private static final int[] PROMPT = {1, 2, 3, 4};

  private static Draft sample(Drafts drafts, int[] prompt, int... tokens) {
    Draft draft = drafts.begin(prompt);
    Arrays.stream(tokens).forEach(draft::append);
    return draft;
  }

  @Test
  void aSampleIsGuessedFromItsSiblingsAndFromEarlierOnesOfThePrompt() {
    Drafts drafts = new Drafts(1_000);
    sample(drafts, PROMPT, 10, 11, 12, 13, 14);
    Draft sibling = sample(drafts, PROMPT, 10, 11);
    assertThat(sibling.guess(8, 0.1)).containsExactly(12, 13, 14);
    assertThat(sibling.guess(2, 0.1)).containsExactly(12, 13);
    Draft later = sample(drafts, PROMPT.clone());
    assertThat(later.guess(1, 0.1)).containsExactly(10);
    assertThat(sample(drafts, new int[] {1, 2}, 10, 11).guess(8, 0.1)).isEmpty();
  }

  @Test
  void aSampleIsGuessedFromItsOwnPromptAndText() {
    Drafts drafts = new Drafts(1_000);
    Draft draft = sample(drafts, new int[] {5, 6, 7, 8, 9}, 20, 5, 6, 7);
    assertThat(draft.guess(2, 0.1)).containsExactly(8, 9);
  }

  @Test
  void guessesThatAreWrongAreTrustedLess() {
    Drafts drafts = new Drafts(1_000_000);
    sample(drafts, PROMPT, 10, 11, 12, 13, 14);
    Draft draft = sample(drafts, PROMPT, 10, 11);
    for (int i = 0; i < 200; i++) {
      draft.guess(8, 0.0);
      draft.accept(0);
    }
    assertThat(draft.guess(8, 0.1)).isEmpty();
    for (int i = 0; i < 400; i++) {
      draft.guess(8, 0.0);
      draft.accept(3);
    }
    assertThat(draft.guess(8, 0.5)).containsExactly(12, 13, 14);
  }

  @Test
  void promptsThatWereNotUsedForLongestAreForgotten() {
    Drafts drafts = new Drafts(20);
    sample(drafts, PROMPT, 10, 11, 12, 13, 14);
    sample(drafts, new int[] {7, 8}, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    sample(drafts, PROMPT);
    sample(drafts, new int[] {9}, 1, 2, 3, 4, 5, 6, 7);
    assertThat(sample(drafts, new int[] {7, 8}).guess(1, 0.0)).isEmpty();
  }

  @Test
  void aSampleThatGrowsAfterItsPromptWasForgottenPushesNothingOut() {
    Drafts drafts = new Drafts(20);
    Draft forgotten = sample(drafts, PROMPT, 10);
    sample(drafts, new int[] {7, 8}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    sample(drafts, new int[] {9}, 1, 2);
    for (int token = 0; token < 100; token++) {
      forgotten.append(token);
    }
    assertThat(sample(drafts, new int[] {7, 8}).guess(1, 0.0)).containsExactly(1);
    assertThat(sample(drafts, PROMPT).guess(1, 0.0)).isEmpty();
  }

  @Test
  void aGuessMustBeTheLikelierTheMoreSequencesRun() {
    StepCost cost = new StepCost();
    assertThat(cost.leastProbability(1)).isBetween(0.05, 0.2);
    for (int i = 0; i < 200; i++) {
      int rows = 1 + i % 32;
      cost.observe(rows, 0.030 + 0.004 * rows);
    }
    double[] least = {
      cost.leastProbability(1), cost.leastProbability(8), cost.leastProbability(64)
    };
    assertThat(least[0]).isBetween(0.11, 0.13);
    assertThat(least[1]).isBetween(0.50, 0.53);
    assertThat(least[2]).isBetween(0.88, 0.91);
  }
}
