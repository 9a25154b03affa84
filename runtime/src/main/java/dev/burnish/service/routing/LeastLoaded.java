package dev.burnish.service.routing;

import java.util.List;
import java.util.Optional;

/// The replica with the fewest calls; those with equally many take turns.
final class LeastLoaded implements Router {
  private int turn;

  @Override
  public int pick(List<? extends Candidate> candidates, Optional<String> key) {
    int size = candidates.size();
    int first = turn % size;
    int best = first;
    for (int i = 1; i < size; i++) {
      int position = (first + i) % size;
      if (candidates.get(position).load() < candidates.get(best).load()) {
        best = position;
      }
    }
    turn = best + 1;
    return best;
  }
}
