package dev.burnish.engine.draft;

/// The texts that began with one prompt: the prompt, and what followed it in its samples, those
/// that grow too. One thread.
final class Corpus {
  /// A number of tokens of several corpora.
  static final class Total {
    private long tokens;

    long tokens() {
      return tokens;
    }
  }

  private final SuffixAutomaton automaton = new SuffixAutomaton();
  private final int afterPrompt;
  private Total total;
  private long numTokens;

  /// @param total in which its tokens are counted until it is forgotten
  Corpus(int[] prompt, Total total) {
    this.total = total;
    int state = SuffixAutomaton.ROOT;
    for (int token : prompt) {
      state = automaton.extend(state, token);
    }
    afterPrompt = state;
    count(prompt.length);
  }

  private void count(int tokens) {
    numTokens += tokens;
    total.tokens += tokens;
  }

  SuffixAutomaton automaton() {
    return automaton;
  }

  /// The state of a sample that has no token yet.
  int afterPrompt() {
    return afterPrompt;
  }

  int extend(int state, int token) {
    count(1);
    return automaton.extend(state, token);
  }

  /// Takes its tokens out of the total, and those that its samples still get.
  void forget() {
    total.tokens -= numTokens;
    total = new Total();
  }
}
