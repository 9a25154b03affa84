package dev.burnish.mesh.placement;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is taken of a host, and by whom. Thread-safe.
public final class Ledger {
  private final Capacity capacity;
  private final Map<String, Taken> taken = new HashMap<>();

  private record Taken(int cores, int megabytes, List<Integer> gpus) {}

  /// Nothing taken.
  public Ledger(Capacity capacity) {
    this.capacity = capacity;
  }

  /// What the host has.
  public Capacity capacity() {
    return capacity;
  }

  /// What is free.
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

  /// Takes what a number of processes ask for, or nothing.
  ///
  /// @param holder has it until [#release]
  /// @return the devices of each; empty if not all of it is free
  public synchronized Optional<List<List<Integer>>> take(String holder, Demand each, int count) {
    Capacity free = free();
    if (each.numFitting(free) < count || taken.containsKey(holder)) {
      return Optional.empty();
    }
    List<List<Integer>> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      devices.add(List.copyOf(free.gpus().subList(i * each.gpus(), (i + 1) * each.gpus())));
    }
    taken.put(
        holder,
        new Taken(
            each.cores() * count,
            each.megabytes() * count,
            devices.stream().flatMap(List::stream).toList()));
    return Optional.of(devices);
  }

  /// Ends [#take]; does nothing if that has ended.
  public synchronized void release(String holder) {
    taken.remove(holder);
  }
}
