package dev.burnish.service.routing;

/// A call that needs a replica.
///
/// @param what which call, for messages
/// @param priority higher ones go first
/// @param deadline in nanoseconds of the clock
/// @param affinity which replicas will do
public record Request<X>(String what, int priority, long deadline, Affinity<X> affinity) {
  /// Which replicas will do.
  public sealed interface Affinity<X> {
    /// All.
    record Any<X>() implements Affinity<X> {}

    /// The one that the router has for a key, another if that is lost.
    record Keyed<X>(String key) implements Affinity<X> {}

    /// The one of a session.
    record Bound<X>(Binding<X> binding) implements Affinity<X> {}
  }
}
