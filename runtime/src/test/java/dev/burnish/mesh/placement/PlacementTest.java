package dev.burnish.mesh.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static HostFree host(String name, int cores, int gpus, String... processes) {
    Capacity all = new Capacity(8, 1000, IntStream.range(0, 8).boxed().toList());
    Capacity free = new Capacity(cores, 1000, IntStream.range(8 - gpus, 8).boxed().toList());
    return new HostFree(name, all, free, List.of(processes));
  }

  private static Optional<List<Plan.Share>> plan(
      int count, Demand each, Placement placement, HostFree... hosts) {
    return Plan.of(count, each, placement, List.of(hosts)).map(Plan::shares);
  }

  private static final Demand GPU = new Demand(0, 0, 1);

  @Test
  void packingFillsTheFullestHostThatHasRoomForAll() {
    HostFree[] hosts = {host("a", 8, 8), host("b", 8, 3), host("c", 8, 1)};
    assertThat(plan(1, GPU, Placement.pack(), hosts)).contains(List.of(new Plan.Share(2, 1)));
    assertThat(plan(2, GPU, Placement.pack(), hosts)).contains(List.of(new Plan.Share(1, 2)));
    assertThat(plan(4, GPU, Placement.pack(), hosts)).contains(List.of(new Plan.Share(0, 4)));
  }

  @Test
  void spreadingTakesTheHostWithTheFewestProcesses() {
    HostFree[] hosts = {host("a", 8, 8, "p/0", "p/1"), host("b", 8, 2, "q/0"), host("c", 8, 0)};
    assertThat(plan(1, GPU, Placement.spread(), hosts)).contains(List.of(new Plan.Share(1, 1)));
    assertThat(plan(1, Demand.none(), Placement.spread(), hosts))
        .contains(List.of(new Plan.Share(2, 1)));
  }

  @Test
  void whatDoesNotFitOneHostTakesSeveral() {
    HostFree[] hosts = {host("a", 8, 5), host("b", 8, 6)};
    assertThat(plan(8, GPU, Placement.pack(), hosts))
        .contains(List.of(new Plan.Share(0, 5), new Plan.Share(1, 3)));
    assertThat(plan(12, GPU, Placement.pack(), hosts)).isEmpty();
  }

  @Test
  void aMeshGoesWhereAnotherIs() {
    HostFree[] hosts = {
      host("a", 8, 8, "other/0"), host("b", 8, 1, "trainer/0"), host("c", 8, 8, "trainer2/0")
    };
    assertThat(plan(1, GPU, Placement.with("trainer"), hosts))
        .contains(List.of(new Plan.Share(1, 1)));
    assertThat(plan(2, GPU, Placement.with("trainer"), hosts)).isEmpty();
  }

  @Test
  void sharedCoresServeAnyNumberAndExclusiveOnesDoNot() {
    HostFree busy = host("a", 1, 0);
    assertThat(plan(100, Demand.none(), Placement.pack(), busy)).isPresent();
    assertThat(plan(1, new Demand(1, 0, 0), Placement.pack(), busy)).isPresent();
    assertThat(plan(2, new Demand(1, 0, 0), Placement.pack(), busy)).isEmpty();
    assertThat(plan(1, new Demand(0, 2000, 0), Placement.pack(), busy)).isEmpty();
  }

  @Test
  void theErrorSaysWhatWasAskedAndWhatIsFreeWhere() {
    assertThat(new Unplaceable("policy/0", 12, GPU, List.of(host("a", 2, 5), host("b", 8, 0))))
        .hasMessage(
            "there is no room for the processes of policy/0: procs=12, each with cores=0 megabytes=0 gpus=1; "
                + "a: 2 of 8 cores, 1000 of 1000 MB, GPUs [3, 4, 5, 6, 7] of [0, 1, 2, 3, 4, 5, 6, 7] free; "
                + "b: 8 of 8 cores, 1000 of 1000 MB, GPUs [] of [0, 1, 2, 3, 4, 5, 6, 7] free; "
                + "ask for less, or close what is not needed");
  }

  @Test
  void whatIsTakenIsFreeAgainWhenItIsReleased() {
    Ledger ledger = new Ledger(new Capacity(4, 1000, List.of(3, 1, 4, 1)));
    assertThat(ledger.take(new Reservation("x", new Demand(1, 100, 1), 2), 99))
        .contains(List.of(List.of(1), List.of(3)));
    assertThat(ledger.free()).isEqualTo(new Capacity(2, 800, List.of(4)));
    assertThat(ledger.take(new Reservation("y", new Demand(0, 0, 2), 1), 99)).isEmpty();
    assertThat(ledger.take(new Reservation("z", new Demand(3, 0, 0), 1), 99)).isEmpty();
    ledger.release("x");
    ledger.release("x");
    assertThat(ledger.free()).isEqualTo(ledger.capacity());
    assertThat(ledger.take(new Reservation("y", new Demand(0, 0, 3), 1), 99))
        .contains(List.of(List.of(1, 3, 4)));
  }

  /// Two that choose a host at once by the same number of its processes do not both get it.
  @Test
  void aPlaceThatIsTakenCountsFromItsChoiceOn() {
    Ledger ledger = new Ledger(new Capacity(4, 1000, List.of()));
    assertThat(ledger.take(new Reservation("p#1", Demand.none(), 2), 0)).isPresent();
    assertThat(ledger.take(new Reservation("q#2", Demand.none(), 1), 0)).isEmpty();
    assertThat(ledger.reserved(holder -> 0)).containsExactly("p/(reserved)", "p/(reserved)");
    assertThat(ledger.reserved(holder -> holder.equals("p#1") ? 1 : 0))
        .containsExactly("p/(reserved)");
    assertThat(ledger.reserved(holder -> 3)).isEmpty();
    assertThat(ledger.take(new Reservation("q#2", Demand.none(), 1), 2)).isPresent();
    ledger.release("p#1");
    assertThat(ledger.reserved(holder -> 0)).containsExactly("q/(reserved)");
  }

  @Test
  void aDemandIsNotNegative() {
    assertThatThrownBy(() -> new Demand(0, 0, -1)).hasMessageContaining("placement.gpus=-1");
  }
}
