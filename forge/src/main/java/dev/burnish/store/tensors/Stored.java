package dev.burnish.store.tensors;

import dev.burnish.sharding.Read;
import dev.burnish.sharding.ReshardPlan;
import dev.burnish.store.fetch.Elements;
import dev.burnish.store.fetch.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A thing of a snapshot, with the parts of all ranks. Not thread-safe.
final class Stored {
  private final List<Contribution> ranks;
  private final int item;
  private final int number;
  private final Contribution.Item first;
  private final Map<Integer, StoredPart> parts = new HashMap<>();

  private Stored(List<Contribution> ranks, int item, int number) {
    this.ranks = ranks;
    this.item = item;
    this.number = number;
    this.first = ranks.getFirst().items().get(item);
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

  /// The part of a rank.
  StoredPart part(int rank) {
    return parts.computeIfAbsent(rank, this::open);
  }

  private StoredPart open(int rank) {
    return new StoredPart(ranks.get(rank), ranks.get(rank).items().get(item));
  }

  /// The parts that have what is read, in the order in which they are to be asked: one of this host
  /// before all others, so that nothing moves that is here.
  List<Source> holders(ReshardPlan plan, Read read) {
    List<Source> holders = new ArrayList<>();
    holders.add(part(read.sourceRank()));
    for (int rank : plan.replicasOf(read.sourceRank())) {
      if (rank != read.sourceRank()) {
        holders.add(part(rank));
      }
    }
    holders.sort(Comparator.comparing(holder -> !holder.memory().isHere()));
    return holders;
  }

  Elements elements(Read read) {
    return new Elements(read.copy(), spec().dtype().bytes());
  }
}
