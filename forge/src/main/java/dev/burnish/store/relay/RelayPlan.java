package dev.burnish.store.relay;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Who sends what to whom, so that all hosts have a version soon and nobody sends much more than
/// its size.
///
/// The bytes are dealt out to stripes, and each stripe has a tree of its own, in which every host
/// has one sender and at most as many receivers as there are stripes. A host passes on one stripe
/// and only receives the others: so it sends about as much as it receives, both all the time, and
/// the trees have few levels. The source sends each stripe to one host.
///
/// A host that joins later receives from those that send least. When one is lost, its receivers
/// turn to its own sender and to those that send least; none receives from one that receives from
/// it.
///
/// Numbers decide nothing else: the same hosts, joins and losses give the same plan. Not
/// thread-safe. Source: two trees of R. Sanders, J. Speck, J. L. Traeff, "Two-tree algorithms for
/// full bandwidth broadcast, reduction and scan", Parallel Computing 35 (2009), for any number of
/// trees.
final class RelayPlan {
  private final int source;
  private final int numStripes;

  /// By host, the sender of each stripe.
  private final Map<Integer, int[]> senders = new LinkedHashMap<>();

  /// One sends a stripe to another.
  record Edge(int from, int to, int stripe) {}

  private RelayPlan(int source, int numStripes) {
    this.source = source;
    this.numStripes = numStripes;
  }

  /// A plan for hosts that are known at the beginning.
  ///
  /// @param source that has all bytes, none of the hosts
  /// @param hosts different ones
  /// @param numStripes at least 1; 1 is one chain
  /// @throws IllegalArgumentException if that is not so
  static RelayPlan of(int source, List<Integer> hosts, int numStripes) {
    if (numStripes < 1) {
      throw new IllegalArgumentException(
          "bytes must be dealt out to stripes: numStripes=" + numStripes);
    }
    RelayPlan plan = new RelayPlan(source, numStripes);
    hosts.forEach(plan::add);
    for (int stripe = 0; stripe < numStripes; stripe++) {
      plan.plant(stripe, hosts);
    }
    return plan;
  }

  private void add(int host) {
    if (host == source || senders.putIfAbsent(host, new int[numStripes]) != null) {
      throw new IllegalArgumentException(
          "hosts must be different from each other and from the source: host=%d source=%d"
              .formatted(host, source));
    }
  }

  /// Level by level, those that pass the stripe on before the others.
  private void plant(int stripe, List<Integer> hosts) {
    List<Integer> order = new ArrayList<>();
    IntStream.range(0, hosts.size())
        .filter(i -> i % numStripes == stripe)
        .forEach(i -> order.add(hosts.get(i)));
    IntStream.range(0, hosts.size())
        .filter(i -> i % numStripes != stripe)
        .forEach(i -> order.add(hosts.get(i)));
    for (int i = 0; i < order.size(); i++) {
      sendersOf(order.get(i))[stripe] = i == 0 ? source : order.get((i - 1) / numStripes);
    }
  }

  private int[] sendersOf(int host) {
    int[] known = senders.get(host);
    if (known == null) {
      throw new IllegalArgumentException("the host must be one of the plan: host=" + host);
    }
    return known;
  }

  /// The sender of a stripe to a host.
  ///
  /// @throws IllegalArgumentException if there is no such host
  int sender(int host, int stripe) {
    return sendersOf(host)[stripe];
  }

  /// The hosts, in the order in which they came.
  List<Integer> hosts() {
    return List.copyOf(senders.keySet());
  }

  /// The number of stripes that one sends, over all its receivers.
  int load(int sender) {
    return (int)
        senders.values().stream()
            .flatMapToInt(IntStream::of)
            .filter(each -> each == sender)
            .count();
  }

  /// The number of hosts over which a stripe comes to a host from the source.
  int depth(int host, int stripe) {
    int depth = 0;
    for (int at = host; at != source; at = sender(at, stripe)) {
      depth++;
    }
    return depth;
  }

  /// Adds a host.
  ///
  /// @return who sends what to it
  List<Edge> join(int host) {
    List<Integer> known = hosts();
    add(host);
    List<Edge> edges = new ArrayList<>();
    for (int stripe = 0; stripe < numStripes; stripe++) {
      edges.add(attach(host, stripe, known));
    }
    return edges;
  }

  /// The source sends only to a host that has no other.
  private Edge attach(int host, int stripe, List<Integer> candidates) {
    int from = leastLoaded(stripe, candidates).orElse(source);
    sendersOf(host)[stripe] = from;
    return new Edge(from, host, stripe);
  }

  private Optional<Integer> leastLoaded(int stripe, List<Integer> candidates) {
    return candidates.stream()
        .min(
            Comparator.<Integer>comparingInt(this::load)
                .thenComparingInt(each -> depth(each, stripe)));
  }

  /// Removes a host that is lost.
  ///
  /// @return the new senders of its receivers
  /// @throws IllegalArgumentException if there is no such host
  List<Edge> lose(int host) {
    int[] above = sendersOf(host);
    senders.remove(host);
    List<Edge> edges = new ArrayList<>();
    for (int stripe = 0; stripe < numStripes; stripe++) {
      List<Integer> orphans = receivers(host, stripe);
      if (!orphans.isEmpty()) {
        // One takes the place of the lost one: so the source too keeps a receiver of each stripe.
        int heir = orphans.getFirst();
        sendersOf(heir)[stripe] = above[stripe];
        edges.add(new Edge(above[stripe], heir, stripe));
        edges.addAll(adopt(orphans.subList(1, orphans.size()), stripe));
      }
    }
    return edges;
  }

  private List<Integer> receivers(int sender, int stripe) {
    return senders.entrySet().stream()
        .filter(each -> each.getValue()[stripe] == sender)
        .map(Map.Entry::getKey)
        .toList();
  }

  /// Gives orphans senders that are not below any of them.
  private List<Edge> adopt(List<Integer> orphans, int stripe) {
    List<Integer> reached = new ArrayList<>();
    Collections.addAll(reached, receivers(source, stripe).toArray(Integer[]::new));
    for (int i = 0; i < reached.size(); i++) {
      reached.addAll(receivers(reached.get(i), stripe));
    }
    List<Edge> edges = new ArrayList<>();
    for (int orphan : orphans) {
      edges.add(attach(orphan, stripe, reached));
    }
    return edges;
  }
}
