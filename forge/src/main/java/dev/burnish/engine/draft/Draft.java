package dev.burnish.engine.draft;

import java.util.Arrays;

/// The guesses for one sample while it grows. One thread.
public final class Draft {
  private final Corpus corpus;
  private final Acceptance acceptance;
  private int state;
  private int[] guessed = new int[0];
  private int[] matched = new int[0];
  private double[] shares = new double[0];

  Draft(Corpus corpus, Acceptance acceptance) {
    this.corpus = corpus;
    this.acceptance = acceptance;
    this.state = corpus.afterPrompt();
  }

  /// The sample got a token.
  public void append(int token) {
    state = corpus.extend(state, token);
  }

  /// The next tokens of the sample, as far as they are guessed to be right with a probability: a
  /// token is there only if those before it are.
  ///
  /// @param most tokens
  /// @param least probability of the last token, together with those before it
  public int[] guess(int most, double least) {
    SuffixAutomaton automaton = corpus.automaton();
    int[] tokens = new int[most];
    int[] lengths = new int[most];
    double[] promised = new double[most];
    int count = 0;
    double probability = 1;
    int at = automaton.continued(state);
    while (count < most && at != SuffixAutomaton.ROOT) {
      int edge = automaton.likeliest(at);
      double share = automaton.share(edge);
      probability *= acceptance.rate(automaton.length(at)) * share;
      if (probability < least) {
        break;
      }
      tokens[count] = automaton.token(edge);
      promised[count] = share;
      lengths[count++] = automaton.length(at);
      at = automaton.continued(automaton.to(edge));
    }
    guessed = Arrays.copyOf(tokens, count);
    matched = Arrays.copyOf(lengths, count);
    shares = Arrays.copyOf(promised, count);
    return guessed.clone();
  }

  /// Tells how many of the last guesses were right.
  public void accept(int right) {
    for (int i = 0; i < Math.min(right + 1, guessed.length); i++) {
      acceptance.observe(matched[i], shares[i], i < right);
    }
  }
}
