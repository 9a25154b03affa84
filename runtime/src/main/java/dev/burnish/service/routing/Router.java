package dev.burnish.service.routing;

import java.util.List;
import java.util.Optional;

/// Chooses the replica of a call. One router serves the calls of one process, one choice at a time;
/// it must not wait.
@FunctionalInterface
public interface Router {
  /// The position in the list of the replica that takes a call.
  ///
  /// @param candidates at least one, by number. For a call with a key all healthy ones: the call
  ///   waits for the chosen one. For others those that can take a call now; if there are none, the
  ///   call goes to the first that can take one
  /// @param key of the call, such as the beginning of a prompt
  int pick(List<? extends Candidate> candidates, Optional<String> key);
}
