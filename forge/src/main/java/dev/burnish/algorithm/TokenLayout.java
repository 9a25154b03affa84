package dev.burnish.algorithm;

import java.util.Arrays;

/// The positions of a ragged batch's response tokens in flat arrays.
///
/// @param starts sequence `i` owns the tokens `[starts[i], starts[i + 1])`; one entry more than
///   there are sequences, the first is 0
/// @param group the prompt of each sequence; ids are those of the whole batch, also on one rank
/// @param mask true where a token is a target: false for padding and for a tool's tokens
@SuppressWarnings("ArrayRecordComponent") // a view of the trainer's arrays; never compared
public record TokenLayout(int[] starts, int[] group, boolean[] mask) {
  public TokenLayout {
    require(
        starts.length == group.length + 1,
        "starts needs one entry more than group: starts.length="
            + starts.length
            + " group.length="
            + group.length
            + "; end starts with the number of tokens");
    require(
        starts[0] == 0 && starts[starts.length - 1] == mask.length,
        "starts runs from 0 to the number of tokens: first="
            + starts[0]
            + " last="
            + starts[starts.length - 1]
            + " tokens="
            + mask.length
            + "; build it with TokenLayout.of");
    for (int i = 0; i < group.length; i++) {
      require(
          starts[i] <= starts[i + 1],
          "starts does not fall: starts[" + i + "]=" + starts[i] + " is above the next one");
    }
  }

  /// The layout of sequences of these lengths whose every token is a target.
  public static TokenLayout of(int[] lengths, int[] group) {
    int[] starts = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      starts[i + 1] = starts[i] + lengths[i];
    }
    boolean[] mask = new boolean[starts[lengths.length]];
    Arrays.fill(mask, true);
    return new TokenLayout(starts, group, mask);
  }

  public int numSequences() {
    return group.length;
  }

  public int numTokens() {
    return mask.length;
  }

  /// The first token of a sequence.
  public int start(int sequence) {
    return starts[sequence];
  }

  /// One past the last token of a sequence.
  public int end(int sequence) {
    return starts[sequence + 1];
  }

  /// The number of targets of a sequence.
  public int numTargets(int sequence) {
    int count = 0;
    for (int t = start(sequence); t < end(sequence); t++) {
      count += mask[t] ? 1 : 0;
    }
    return count;
  }

  /// One value per sequence, repeated for each of its tokens; 0 where a token is not a target.
  public double[] broadcast(double[] perSequence) {
    double[] perToken = new double[numTokens()];
    for (int i = 0; i < numSequences(); i++) {
      for (int t = start(i); t < end(i); t++) {
        perToken[t] = mask[t] ? perSequence[i] : 0;
      }
    }
    return perToken;
  }

  /// Whether no sequence is cut by the ends of the range.
  boolean wholeSequences(int from, int to) {
    return Arrays.binarySearch(starts, from) >= 0 && Arrays.binarySearch(starts, to) >= 0;
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
