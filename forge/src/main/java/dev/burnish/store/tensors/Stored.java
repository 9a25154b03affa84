package dev.burnish.store.tensors;

import dev.burnish.sharding.Read;
import dev.burnish.sharding.ReshardPlan;
import dev.burnish.store.fetch.Elements;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A thing of a snapshot, with the parts of all ranks. Not thread-safe.
final class Stored {
  private final Map<Integer, List<Contribution>> ranks;
  private final int item;
  private final int number;
  private final Contribution.Item first;
  private final Map<Integer, List<StoredPart>> parts = new HashMap<>();

  private Stored(List<Contribution> all, int item, int number) {
    this.ranks = all.stream().collect(Collectors.groupingBy(Contribution::rank));
    this.item = item;
    this.number = number;
    this.first = all.getFirst().items().get(item);
  }

  /// @param number of it in the snapshot
  static Stored of(Holding.Source source, int item, int number) {
    return new Stored(source.ranks(), item, number);
  }

  String key() {
    return first.key();
  }

  Content content() {
    return first.content();
  }

  TensorSpec spec() {
    return first.content().spec();
  }

  int number() {
    return number;
  }

  /// The copies of the part of a rank.
  private List<StoredPart> copies(int rank) {
    return parts.computeIfAbsent(rank, this::open);
  }

  private List<StoredPart> open(int rank) {
    return ranks.getOrDefault(rank, List.of()).stream()
        .map(each -> new StoredPart(each, each.items().get(item)))
        .toList();
  }

  /// The parts that have what is read, in the order in which they are to be asked: one of this host
  /// before all others, so that nothing moves that is here.
  List<StoredPart> holders(ReshardPlan plan, Read read) {
    List<StoredPart> holders = new ArrayList<>(copies(read.sourceRank()));
    for (int rank : plan.replicasOf(read.sourceRank())) {
      if (rank != read.sourceRank()) {
        holders.addAll(copies(rank));
      }
    }
    holders.sort(Comparator.comparing(holder -> !holder.memory().isHere()));
    return holders;
  }

  Elements elements(Read read) {
    return new Elements(read.copy(), spec().dtype().bytes());
  }
}
