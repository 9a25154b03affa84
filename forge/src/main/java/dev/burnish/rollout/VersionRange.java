package dev.burnish.rollout;

/// The versions of the weights that may sample a completion.
///
/// @param least the oldest
/// @param most the newest
public record VersionRange(long least, long most) {
  /// Any version: whatever the generator has.
  public static final VersionRange ANY = new VersionRange(0, Long.MAX_VALUE);

  /// @throws IllegalArgumentException if no version lies in it
  public VersionRange {
    if (least < 0 || most < least) {
      throw new IllegalArgumentException(
          "a range of versions must hold one: least=%d most=%d".formatted(least, most));
    }
  }

  /// One version.
  public static VersionRange exactly(long version) {
    return new VersionRange(version, version);
  }

  /// A version, or any that is newer.
  public static VersionRange from(long version) {
    return new VersionRange(version, Long.MAX_VALUE);
  }

  /// Whether a version lies in it.
  public boolean contains(long version) {
    return least <= version && version <= most;
  }
}
