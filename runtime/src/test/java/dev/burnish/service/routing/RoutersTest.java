package dev.burnish.service.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoutersTest {
  private record Fixed(int replica, int numInFlight, int numQueued, int numSessions)
      implements Candidate {}

  private static List<Candidate> loads(int... loads) {
    return IntStream.range(0, loads.length)
        .<Candidate>mapToObj(i -> new Fixed(i, loads[i], 0, 0))
        .toList();
  }

  private static List<Integer> picks(Router router, List<Candidate> candidates, int count) {
    List<Integer> picks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      picks.add(candidates.get(router.pick(candidates, Optional.empty())).replica());
    }
    return picks;
  }

  /// Source: test_session_router_with_round_robin_fallback of the anchor: loads 0 and 5.
  @Test
  void leastLoadedTakesTheLowestAndTiesTakeTurns() {
    assertThat(picks(Balancing.LEAST_LOADED.get(), loads(0, 5), 2)).containsExactly(0, 0);
    assertThat(picks(Balancing.LEAST_LOADED.get(), loads(5, 3, 4), 2)).containsExactly(1, 1);
    assertThat(picks(Balancing.LEAST_LOADED.get(), loads(1, 1, 1), 6))
        .containsExactly(0, 1, 2, 0, 1, 2);
    assertThat(picks(Balancing.LEAST_LOADED.get(), loads(1, 9, 1), 4)).containsExactly(0, 2, 0, 2);
  }

  @Test
  void queuedCallsAreLoadToo() {
    List<Candidate> candidates = List.of(new Fixed(0, 1, 3, 0), new Fixed(1, 2, 0, 0));
    assertThat(picks(Balancing.LEAST_LOADED.get(), candidates, 1)).containsExactly(1);
  }

  @Test
  void roundRobinDoesNotLookAtLoadsAndSkipsWhoIsMissing() {
    Router router = Balancing.ROUND_ROBIN.get();
    assertThat(picks(router, loads(0, 5), 4)).containsExactly(0, 1, 0, 1);
    assertThat(picks(router, loads(9, 9, 9), 2)).containsExactly(2, 0);
    List<Candidate> withoutTwo = List.of(new Fixed(0, 0, 0, 0), new Fixed(3, 0, 0, 0));
    assertThat(picks(router, withoutTwo, 3)).containsExactly(3, 0, 3);
  }

  @Test
  void aKeyKeepsItsReplicaAndFewMoveWhenOneGoes() {
    Router router = Balancing.CONSISTENT_HASH.get();
    Map<String, Integer> before = new HashMap<>();
    List<Candidate> all = loads(0, 0, 0, 0);
    for (int i = 0; i < 4000; i++) {
      String key = "prompt " + i;
      int pick = router.pick(all, Optional.of(key));
      assertThat(router.pick(all, Optional.of(key))).isEqualTo(pick);
      before.put(key, pick);
    }
    for (int replica = 0; replica < 4; replica++) {
      int mine = replica;
      assertThat(before.values().stream().filter(r -> r == mine).count()).isBetween(850L, 1150L);
    }
    List<Candidate> rest = all.stream().filter(c -> c.replica() != 2).toList();
    before.forEach((key, replica) -> {
      int now = rest.get(router.pick(rest, Optional.of(key))).replica();
      if (replica != 2) {
        assertThat(now).as(key).isEqualTo(replica);
      }
    });
  }
}
