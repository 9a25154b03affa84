package dev.burnish.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/// The sequences that wait to be computed, by class and arrival. One thread.
final class WaitingList {
  private static final Comparator<Sequence> BY_ARRIVAL =
      Comparator.comparingLong((Sequence sequence) -> sequence.group().arrival())
          .thenComparingInt(Sequence::sample);

  private final List<TreeSet<Sequence>> classes = new ArrayList<>();

  WaitingList() {
    for (int i = 0; i < Priority.values().length; i++) {
      classes.add(new TreeSet<>(BY_ARRIVAL));
    }
  }

  private TreeSet<Sequence> ofClass(Sequence sequence) {
    return classes.get(sequence.group().request().priority().ordinal());
  }

  void add(Sequence sequence) {
    ofClass(sequence).add(sequence);
  }

  /// Returns whether it waited.
  boolean remove(Sequence sequence) {
    return ofClass(sequence).remove(sequence);
  }

  int size() {
    return classes.stream().mapToInt(TreeSet::size).sum();
  }

  /// The first that may be served: by class and arrival, but before all others those that are
  /// overdue, by arrival.
  Optional<Sequence> first(Predicate<Sequence> overdue, Predicate<Sequence> wanted) {
    Iterator<Sequence> all = new InOrder(overdue);
    while (all.hasNext()) {
      Sequence next = all.next();
      if (wanted.test(next)) {
        return Optional.of(next);
      }
    }
    return Optional.empty();
  }

  /// Merges the classes, each of which is in order of arrival.
  private final class InOrder implements Iterator<Sequence> {
    private final Predicate<Sequence> overdue;
    private final List<Iterator<Sequence>> rest = new ArrayList<>();
    private final List<Optional<Sequence>> heads = new ArrayList<>();

    InOrder(Predicate<Sequence> overdue) {
      this.overdue = overdue;
      for (TreeSet<Sequence> each : classes) {
        rest.add(each.iterator());
        heads.add(Optional.empty());
        advance(heads.size() - 1);
      }
    }

    private void advance(int index) {
      Iterator<Sequence> iterator = rest.get(index);
      heads.set(index, iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty());
    }

    @Override
    public boolean hasNext() {
      return heads.stream().anyMatch(Optional::isPresent);
    }

    @Override
    public Sequence next() {
      Sequence next =
          heads.stream()
              .flatMap(Optional::stream)
              .filter(overdue)
              .min(BY_ARRIVAL)
              .or(() -> heads.stream().flatMap(Optional::stream).findFirst())
              .orElseThrow(NoSuchElementException::new);
      advance(next.group().request().priority().ordinal());
      return next;
    }
  }
}
