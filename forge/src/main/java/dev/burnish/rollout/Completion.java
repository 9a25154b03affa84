package dev.burnish.rollout;

import java.util.List;

/// One sampled continuation of a prompt.
///
/// @param tokens the sampled tokens, the end or stop token included where one came
/// @param logprobs natural log-probability of each token under softmax(logits / temperature) (of
///   logits as they are where the temperature is 0), after penalties, biases and masks changed the
///   logits and before [SamplingParams.Truncation] cuts the distribution
/// @param versions of the weights that sampled each token
/// @param text of the tokens without special tokens, cut before a stop text or stop token
/// @param details whatever else was asked for
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record Completion(
    int[] tokens,
    float[] logprobs,
    TokenVersions versions,
    String text,
    FinishReason finish,
    Details details) {
  /// Facts of each token that are there only where the sampling parameters ask for them.
  ///
  /// @param keptMass share of the probability that the tokens hold which the truncation kept, where
  ///   there is a truncation and the temperature is not 0: the sampler drew from the kept tokens,
  ///   so the log-probability of a token there is `logprob - log(keptMass)`
  /// @param top one per token where [SamplingParams.Logprobs] asks
  @SuppressWarnings("ArrayRecordComponent") // as above
  public record Details(float[] keptMass, List<TopLogprobs> top) {
    /// Nothing was asked for.
    public static final Details NONE = new Details(new float[0], List.of());

    public Details {
      top = List.copyOf(top);
    }

    private boolean fits(int length) {
      return (keptMass.length == 0 || keptMass.length == length)
          && (top.isEmpty() || top.size() == length);
    }
  }

  public Completion {
    if (tokens.length != logprobs.length || tokens.length != versions.length()) {
      throw new IllegalArgumentException(
          "each token must have a log-probability and a version: tokens=%d logprobs=%d versions=%d"
              .formatted(tokens.length, logprobs.length, versions.length()));
    }
    if (!details.fits(tokens.length)) {
      throw new IllegalArgumentException(
          "details must be there for each token or for none: tokens=%d keptMass=%d top=%d"
              .formatted(tokens.length, details.keptMass.length, details.top.size()));
    }
  }

  /// A completion without details.
  public Completion(
      int[] tokens, float[] logprobs, TokenVersions versions, String text, FinishReason finish) {
    this(tokens, logprobs, versions, text, finish, Details.NONE);
  }

  /// Log-probability of a token in the distribution that it was drawn from, after truncation.
  public float drawnLogprob(int index) {
    float cut = details.keptMass.length == 0 ? 0 : (float) Math.log(details.keptMass[index]);
    return logprobs[index] - cut;
  }

  /// The sum of `logprobs`.
  public double cumulativeLogprob() {
    double sum = 0;
    for (float logprob : logprobs) {
      sum += logprob;
    }
    return sum;
  }
}
