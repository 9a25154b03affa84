package dev.burnish.actor;

import java.util.HashMap;
import java.util.Map;

/// An endpoint of simulations, which count how often each call runs.
public interface Touch {
  int touch(int call);

  /// Counts the calls of a run of a simulation, which has one thread at a time.
  final class Actor implements Touch {
    /// How often each call has run in the current run.
    public static final Map<Integer, Integer> RUNS = new HashMap<>();

    @Override
    public int touch(int call) {
      RUNS.merge(call, 1, Integer::sum);
      return call + 1;
    }
  }
}
