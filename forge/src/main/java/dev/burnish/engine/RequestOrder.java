package dev.burnish.engine;

/// The order in which requests are served, and, from the end, in which they lose their cache. For
/// speed alone: tokens do not depend on it.
@FunctionalInterface
public interface RequestOrder {
  /// By class, then by arrival.
  RequestOrder BY_PRIORITY = request -> request.priority().rank();

  /// The rank of a request: lower ones are first, equal ones by arrival. A request that has waited
  /// for [EngineSettings#longestWait] comes before all others. Called once per request, by the
  /// thread that generates.
  double rank(Request request);
}
