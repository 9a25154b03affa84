package dev.burnish.service.routing;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Calls of one key go to the replica that took its first call, as long as that is healthy; the
/// first call, and one whose replica was lost, goes to the least loaded, of equals to the one with
/// the fewest keys. So load stays balanced where a hash would put two busy keys on one replica, and
/// a key has its place as long as it is used. Calls without a key go to the least loaded replica.
///
/// The keys that were not used for the longest time are forgotten: a key is called by few calls
/// that follow each other, as the turns of a conversation.
final class StickyKeys implements Router {
  static final int CAPACITY = 1 << 16;

  private final Router keyless = new LeastLoaded();
  private final LinkedHashMap<String, Integer> replicas = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Integer, Integer> numKeys = new HashMap<>();

  @Override
  public int pick(List<? extends Candidate> candidates, Optional<String> key) {
    return key.map(text -> pick(candidates, text))
        .orElseGet(() -> keyless.pick(candidates, Optional.empty()));
  }

  private int pick(List<? extends Candidate> candidates, String key) {
    Optional<Integer> replica = Optional.ofNullable(replicas.get(key));
    for (int i = 0; i < candidates.size() && replica.isPresent(); i++) {
      if (candidates.get(i).replica() == replica.get()) {
        return i;
      }
    }
    int best = leastLoaded(candidates);
    bind(key, candidates.get(best).replica());
    return best;
  }

  private int leastLoaded(List<? extends Candidate> candidates) {
    int best = 0;
    for (int i = 1; i < candidates.size(); i++) {
      if (isLess(candidates.get(i), candidates.get(best))) {
        best = i;
      }
    }
    return best;
  }

  private boolean isLess(Candidate one, Candidate other) {
    return one.load() == other.load()
        ? numKeys(one.replica()) < numKeys(other.replica())
        : one.load() < other.load();
  }

  private int numKeys(int replica) {
    return numKeys.getOrDefault(replica, 0);
  }

  private void bind(String key, int replica) {
    Optional.ofNullable(replicas.put(key, replica)).ifPresent(this::forget);
    numKeys.merge(replica, 1, Integer::sum);
    if (replicas.size() > CAPACITY) {
      forget(replicas.pollFirstEntry().getValue());
    }
  }

  private void forget(int replica) {
    numKeys.merge(replica, -1, Integer::sum);
  }
}
