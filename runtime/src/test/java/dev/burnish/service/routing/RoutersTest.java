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

  private static int pick(Router router, List<Candidate> candidates, String key) {
    return candidates.get(router.pick(candidates, Optional.of(key))).replica();
  }

  @Test
  void aStickyKeyStaysWhereItsFirstCallFoundTheLeastLoad() {
    Router router = Balancing.STICKY_KEYS.get();
    assertThat(pick(router, loads(4, 1, 2), "a")).isEqualTo(1);
    assertThat(pick(router, loads(0, 9, 0), "a")).isEqualTo(1);
    assertThat(pick(router, loads(0, 9, 0), "b")).isEqualTo(0);
  }

  @Test
  void stickyKeysAreSpreadWhereLoadsAreEqual() {
    Router router = Balancing.STICKY_KEYS.get();
    Map<Integer, Integer> keys = new HashMap<>();
    for (int i = 0; i < 300; i++) {
      keys.merge(pick(router, loads(0, 0, 0), "key " + i), 1, Integer::sum);
    }
    assertThat(keys).containsOnly(Map.entry(0, 100), Map.entry(1, 100), Map.entry(2, 100));
  }

  @Test
  void aStickyKeyWhoseReplicaIsLostMovesOnceAndStaysThere() {
    Router router = Balancing.STICKY_KEYS.get();
    List<Candidate> all = loads(1, 0, 1);
    assertThat(pick(router, all, "a")).isEqualTo(1);
    List<Candidate> left = List.of(all.get(0), all.get(2));
    int other = pick(router, left, "a");
    assertThat(other).isNotEqualTo(1);
    assertThat(pick(router, all, "a")).isEqualTo(other);
  }

  @Test
  void theStickyKeysThatWereUsedLongestAgoAreForgotten() {
    Router router = Balancing.STICKY_KEYS.get();
    assertThat(pick(router, loads(0, 1), "kept")).isZero();
    assertThat(pick(router, loads(0, 1), "forgotten")).isZero();
    for (int i = 0; i < StickyKeys.CAPACITY - 1; i++) {
      pick(router, loads(0, 1), "key " + i);
      pick(router, loads(0, 1), "kept");
    }
    assertThat(pick(router, loads(1, 0), "kept")).isZero();
    assertThat(pick(router, loads(1, 0), "forgotten")).isEqualTo(1);
  }

  @Test
  void callsWithoutAKeyGoToTheLeastLoadedAlsoWithStickyKeys() {
    assertThat(picks(Balancing.STICKY_KEYS.get(), loads(5, 3, 4), 2)).containsExactly(1, 1);
  }
}
