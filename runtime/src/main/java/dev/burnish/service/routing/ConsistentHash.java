package dev.burnish.service.routing;

import java.util.List;
import java.util.Optional;

/// Calls of one key go to one replica, as long as it is healthy: the one with the highest hash of
/// key and number. When a replica comes or goes, only keys that it takes or had move. Calls without
/// a key go to the least loaded one.
///
/// Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998.
final class ConsistentHash implements Router {
  private final Router keyless = new LeastLoaded();

  @Override
  public int pick(List<? extends Candidate> candidates, Optional<String> key) {
    if (key.isEmpty()) {
      return keyless.pick(candidates, key);
    }
    long hash = hash(key.get());
    int best = 0;
    long most = Long.MIN_VALUE;
    for (int i = 0; i < candidates.size(); i++) {
      long weight = mix(hash + 0x9e3779b97f4a7c15L * (candidates.get(i).replica() + 1));
      if (weight >= most) {
        most = weight;
        best = i;
      }
    }
    return best;
  }

  private static long hash(String key) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < key.length(); i++) {
      hash = (hash ^ key.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  /// The finalizer of SplitMix64.
  private static long mix(long z) {
    long x = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
