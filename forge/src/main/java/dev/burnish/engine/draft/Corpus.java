package dev.burnish.engine.draft;

/// The texts that began with one prompt: the prompt, and what followed it in its samples, those
/// that grow too. One thread.
final class Corpus {
  private final SuffixAutomaton automaton = new SuffixAutomaton();
  private final int afterPrompt;
  private long numTokens;

  Corpus(int[] prompt) {
    int state = SuffixAutomaton.ROOT;
    for (int token : prompt) {
      state = automaton.extend(state, token);
    }
    afterPrompt = state;
    numTokens = prompt.length;
  }

  SuffixAutomaton automaton() {
    return automaton;
  }

  /// The state of a sample that has no token yet.
  int afterPrompt() {
    return afterPrompt;
  }

  int extend(int state, int token) {
    numTokens++;
    return automaton.extend(state, token);
  }

  long numTokens() {
    return numTokens;
  }
}
