package dev.burnish.service.routing;

import java.util.List;
import java.util.Optional;

/// Each replica in turn, by number.
final class RoundRobin implements Router {
  private int next;

  @Override
  public int pick(List<? extends Candidate> candidates, Optional<String> key) {
    int position = 0;
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.get(i).replica() >= next) {
        position = i;
        break;
      }
    }
    next = candidates.get(position).replica() + 1;
    return position;
  }
}
