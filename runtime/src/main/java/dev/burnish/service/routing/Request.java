package dev.burnish.service.routing;

/// A call that needs a replica.
///
/// @param priority higher ones go first
/// @param deadline in nanoseconds of the clock
/// @param affinity which replicas are suitable
public record Request(CallName call, int priority, long deadline, Affinity affinity) {
  /// Which replicas are suitable.
  public sealed interface Affinity {
    /// Any of them.
    Affinity ANY = new Any();

    /// All.
    record Any() implements Affinity {}

    /// The replica that the router has for a key, another if that is lost.
    record Keyed(String key) implements Affinity {}

    /// The replica of a session.
    record Bound(Binding binding) implements Affinity {}
  }
}
