package dev.burnish.mesh.placement;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/// The reservations on a host, and their holders. Thread-safe.
public final class Ledger {
  private final Capacity capacity;
  private final Map<String, Taken> taken = new HashMap<>();

  private record Taken(Reservation of, List<Integer> gpus) {
    int cores() {
      return of.each().cores() * of.count();
    }

    int megabytes() {
      return of.each().megabytes() * of.count();
    }
  }

  /// Nothing taken.
  public Ledger(Capacity capacity) {
    this.capacity = capacity;
  }

  /// The resources of the host.
  public Capacity capacity() {
    return capacity;
  }

  /// The free resources.
  public synchronized Capacity free() {
    List<Integer> gpus = new ArrayList<>(capacity.gpus());
    int cores = capacity.cores();
    int megabytes = capacity.megabytes();
    for (Taken of : taken.values()) {
      gpus.removeAll(of.gpus());
      cores -= of.cores();
      megabytes -= of.megabytes();
    }
    return new Capacity(cores, megabytes, gpus);
  }

  /// Reserves the resources of a number of processes, or nothing.
  ///
  /// @param mostProcesses nothing is reserved if more have a place here by now: the caller has
  ///   chosen this host by an older number
  /// @return the devices of each; empty if not all of it is free
  public synchronized Optional<List<List<Integer>>> take(
      Reservation reservation, int mostProcesses) {
    Demand each = reservation.each();
    Capacity free = free();
    if (each.numFitting(free) < reservation.count()
        || numProcesses() > mostProcesses
        || taken.containsKey(reservation.holder())) {
      return Optional.empty();
    }
    List<List<Integer>> devices = new ArrayList<>();
    for (int i = 0; i < reservation.count(); i++) {
      devices.add(List.copyOf(free.gpus().subList(i * each.gpus(), (i + 1) * each.gpus())));
    }
    taken.put(
        reservation.holder(),
        new Taken(reservation, devices.stream().flatMap(List::stream).toList()));
    return Optional.of(devices);
  }

  /// Processes that have a place, whether they run yet or not.
  private int numProcesses() {
    return taken.values().stream().mapToInt(place -> place.of().count()).sum();
  }

  /// Whether a holder has a place.
  public synchronized boolean holds(String holder) {
    return taken.containsKey(holder);
  }

  /// Names for processes that have a place and do not run, such as `policy/0/(reserved)`.
  ///
  /// @param numRunning processes of a holder that run
  public synchronized List<String> reserved(ToIntFunction<String> numRunning) {
    return taken.values().stream()
        .map(Taken::of)
        .flatMap(place ->
            Stream.generate(() -> place.mesh() + "/(reserved)")
                .limit(Math.max(0, place.count() - numRunning.applyAsInt(place.holder()))))
        .toList();
  }

  /// Releases a reservation; does nothing if it has been released.
  public synchronized void release(String holder) {
    taken.remove(holder);
  }
}
