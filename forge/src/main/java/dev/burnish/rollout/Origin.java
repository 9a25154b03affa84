package dev.burnish.rollout;

import java.util.Optional;

/// How a group came about: what no number of it depends on.
///
/// @param madeBy the generator that sampled it, such as `generator/0 pid 4711`, where it said so
/// @param dispatch of a loop, where one asked for it
public record Origin(Optional<String> madeBy, Optional<Dispatch> dispatch) {
  /// Nothing is known of it.
  public static final Origin UNKNOWN = new Origin(Optional.empty(), Optional.empty());

  /// The request for a group.
  ///
  /// @param position of the group in the data
  /// @param attempts until it was made, the last included
  public record Dispatch(long position, int attempts) {}

  /// The same with the request for it.
  public Origin with(Dispatch request) {
    return new Origin(madeBy, Optional.of(request));
  }
}
