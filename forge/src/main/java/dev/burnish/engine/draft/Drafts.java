package dev.burnish.engine.draft;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Guesses of the next tokens of samples, from their prompt, from other samples of it, and from
/// those of earlier requests with the same prompt. The prompts that were not used for longest are
/// forgotten. One thread.
public final class Drafts {
  /// The tokens of a prompt.
  @SuppressWarnings("ArrayRecordComponent") // equality is by content
  private record Key(int[] prompt) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key(int[] that) && Arrays.equals(prompt, that);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(prompt);
    }
  }

  private final long maxTokens;
  private final Acceptance acceptance = new Acceptance();
  private final Corpus.Total kept = new Corpus.Total();
  private final Map<Key, Corpus> corpora = new LinkedHashMap<>(16, 0.75f, true);

  /// @param maxTokens tokens of prompts and samples that are kept; about 100 bytes each
  public Drafts(long maxTokens) {
    this.maxTokens = maxTokens;
  }

  /// A sample of a prompt, without tokens yet.
  public Draft begin(int[] prompt) {
    Corpus corpus = corpora.computeIfAbsent(new Key(prompt), _ -> new Corpus(prompt, kept));
    forget();
    return new Draft(corpus, acceptance);
  }

  private void forget() {
    var oldest = corpora.values().iterator();
    while (kept.tokens() > maxTokens && oldest.hasNext()) {
      oldest.next().forget();
      oldest.remove();
    }
  }
}
