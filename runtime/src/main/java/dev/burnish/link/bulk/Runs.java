package dev.burnish.link.bulk;

/// Runs of bytes, equally far from each other.
///
/// @param offset of the first run
/// @param run bytes of each
/// @param count of runs
/// @param stride from the begin of a run to that of the next
public record Runs(long offset, long run, int count, long stride) {
  /// @throws IllegalArgumentException if a run has no bytes, runs overlap, or an offset is negative
  public Runs {
    if (offset < 0 || run < 1 || count < 1 || (count > 1 && stride < run)) {
      throw new IllegalArgumentException(
          "runs must have bytes and follow each other: offset=%d run=%d count=%d stride=%d"
              .formatted(offset, run, count, stride));
    }
  }

  /// Bytes that follow each other.
  public static Runs one(long offset, long bytes) {
    return new Runs(offset, bytes, 1, bytes);
  }

  /// The sum of their bytes, or the largest number if there is none that large.
  public long bytes() {
    return run > Long.MAX_VALUE / count ? Long.MAX_VALUE : run * count;
  }

  /// The begin of a run.
  public long start(int i) {
    return offset + i * stride;
  }

  /// Whether all of them are within so many bytes.
  boolean isWithin(long size) {
    long left = size - run;
    return offset <= left && (count == 1 || stride <= (left - offset) / (count - 1));
  }
}
