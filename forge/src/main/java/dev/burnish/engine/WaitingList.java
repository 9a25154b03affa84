package dev.burnish.engine;

import java.util.Comparator;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The sequences that wait to be computed, in [Sequence#ORDER] and by arrival. One thread.
final class WaitingList {
  private static final Comparator<Sequence> BY_ARRIVAL =
      Comparator.comparingLong((Sequence sequence) -> sequence.group().place().arrival())
          .thenComparingInt(Sequence::sample);

  private final TreeSet<Sequence> inOrder = new TreeSet<>(Sequence.ORDER);
  private final TreeSet<Sequence> byArrival = new TreeSet<>(BY_ARRIVAL);

  void add(Sequence sequence) {
    inOrder.add(sequence);
    byArrival.add(sequence);
  }

  /// Returns whether it waited.
  boolean remove(Sequence sequence) {
    return inOrder.remove(sequence) && byArrival.remove(sequence);
  }

  int size() {
    return inOrder.size();
  }

  /// The first that may be served: in order, but before all others those that are overdue, by
  /// arrival.
  Optional<Sequence> first(Predicate<Sequence> overdue, Predicate<Sequence> wanted) {
    return Stream.concat(
            byArrival.stream().takeWhile(overdue), inOrder.stream().filter(overdue.negate()))
        .filter(wanted)
        .findFirst();
  }
}
