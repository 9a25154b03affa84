package dev.burnish.rollout;

import java.util.Arrays;
import java.util.stream.LongStream;

/// The version of the weights that sampled each token of a sequence, as runs: the tokens from
/// `starts[i]` up to the next start, or up to the end, were sampled by version `versions[i]`.
/// Adjacent runs have different versions.
///
/// @param starts index of the first token of each run; the first is 0
/// @param versions one per run
/// @param length number of tokens
@SuppressWarnings("ArrayRecordComponent") // equality is by content
public record TokenVersions(int[] starts, long[] versions, int length) {
  public TokenVersions {
    require(
        starts.length == versions.length && length >= 0 && (length == 0) == (starts.length == 0),
        "runs must have one start and one version each, and none without tokens",
        starts,
        versions,
        length);
    for (int i = 0; i < starts.length; i++) {
      int before = i == 0 ? -1 : starts[i - 1];
      boolean placed = (i == 0 ? starts[i] == 0 : starts[i] > before) && starts[i] < length;
      require(placed, "starts must rise from 0 and lie below length", starts, versions, length);
      require(
          i == 0 || versions[i] != versions[i - 1],
          "adjacent runs must have different versions",
          starts,
          versions,
          length);
    }
  }

  /// All tokens by one version.
  public static TokenVersions of(long version, int length) {
    return length == 0
        ? new TokenVersions(new int[0], new long[0], 0)
        : new TokenVersions(new int[] {0}, new long[] {version}, length);
  }

  public int numRuns() {
    return starts.length;
  }

  /// The version that sampled token `index`.
  public long at(int index) {
    if (index < 0 || index >= length) {
      throw new IndexOutOfBoundsException(
          "index must lie in [0, length): index=%d length=%d".formatted(index, length));
    }
    return versions[run(index)];
  }

  /// The least version of any token.
  ///
  /// @throws IllegalStateException if there are no tokens
  public long oldest() {
    return LongStream.of(versions).min().orElseThrow(TokenVersions::noTokens);
  }

  /// The greatest version of any token.
  ///
  /// @throws IllegalStateException if there are no tokens
  public long newest() {
    return LongStream.of(versions).max().orElseThrow(TokenVersions::noTokens);
  }

  private static IllegalStateException noTokens() {
    return new IllegalStateException("a version must belong to a token: length=0");
  }

  /// The versions of the tokens `[from, to)`.
  public TokenVersions slice(int from, int to) {
    if (from < 0 || to < from || to > length) {
      throw new IndexOutOfBoundsException(
          "a slice must lie in [0, length]: from=%d to=%d length=%d".formatted(from, to, length));
    }
    if (from == to) {
      return of(0, 0);
    }
    int first = run(from);
    int end = run(to - 1) + 1;
    int[] sliced = new int[end - first];
    for (int i = 0; i < sliced.length; i++) {
      sliced[i] = Math.max(0, starts[first + i] - from);
    }
    return new TokenVersions(sliced, Arrays.copyOfRange(versions, first, end), to - from);
  }

  /// These tokens, continued by those of `next`.
  public TokenVersions concat(TokenVersions next) {
    if (length == 0 || next.length == 0) {
      return length == 0 ? next : this;
    }
    int skipped = next.versions[0] == versions[numRuns() - 1] ? 1 : 0;
    int more = next.numRuns() - skipped;
    int[] allStarts = Arrays.copyOf(starts, numRuns() + more);
    long[] allVersions = Arrays.copyOf(versions, numRuns() + more);
    for (int i = 0; i < more; i++) {
      allStarts[numRuns() + i] = length + next.starts[skipped + i];
      allVersions[numRuns() + i] = next.versions[skipped + i];
    }
    return new TokenVersions(allStarts, allVersions, length + next.length);
  }

  private int run(int index) {
    int found = Arrays.binarySearch(starts, index);
    return found >= 0 ? found : -found - 2;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenVersions that
        && length == that.length
        && Arrays.equals(starts, that.starts)
        && Arrays.equals(versions, that.versions);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(starts) + Arrays.hashCode(versions) + length;
  }

  @Override
  public String toString() {
    return "TokenVersions[starts=%s, versions=%s, length=%d]"
        .formatted(Arrays.toString(starts), Arrays.toString(versions), length);
  }

  private static void require(
      boolean holds, String constraint, int[] starts, long[] versions, int length) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s: starts=%s versions=%s length=%d"
              .formatted(constraint, Arrays.toString(starts), Arrays.toString(versions), length));
    }
  }
}
