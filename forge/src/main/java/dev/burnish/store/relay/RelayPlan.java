package dev.burnish.store.relay;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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
/// the trees have few levels. The source sends each stripe to one host. The more stripes there are,
/// the less a host sends that takes over receivers of a lost one.
///
/// Every stripe has an order of the hosts, and a host receives only from those before it. So hosts
/// that have the same order may each decide by themselves who is lost, at different times, and
/// still none waits for one that waits for it.
///
/// A host that joins later is the last of each order, and receives from those that send least. When
/// one is lost, one of its receivers turns to its sender, and the others to those that send least.
///
/// Numbers decide nothing else: the same hosts, joins and losses give the same plan. Not
/// thread-safe. Source: two trees of P. Sanders, J. Speck, J. L. Traeff, "Two-tree algorithms for
/// full bandwidth broadcast, reduction and scan", Parallel Computing 35 (2009), for any number of
/// trees.
final class RelayPlan {
  private final int source;
  private final int numStripes;
  private final Map<Integer, Place> places = new LinkedHashMap<>();

  /// By sender, the stripes that it sends, over all its receivers.
  private final Map<Integer, Integer> loads = new HashMap<>();

  /// The place of a host, by stripe.
  ///
  /// @param senders of it
  /// @param ranks in the orders
  private record Place(int[] senders, int[] ranks) {}

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
    Place none = new Place(new int[numStripes], new int[numStripes]);
    if (host == source || places.putIfAbsent(host, none) != null) {
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
      place(order.get(i)).ranks()[stripe] = i;
      send(i == 0 ? source : order.get((i - 1) / numStripes), order.get(i), stripe);
    }
  }

  private Place place(int host) {
    return Optional.ofNullable(places.get(host))
        .orElseThrow(
            () -> new IllegalArgumentException("the host must be one of the plan: host=" + host));
  }

  private Edge send(int from, int to, int stripe) {
    place(to).senders()[stripe] = from;
    loads.merge(from, 1, Integer::sum);
    return new Edge(from, to, stripe);
  }

  /// The sender of a stripe to a host.
  ///
  /// @throws IllegalArgumentException if there is no such host
  int sender(int host, int stripe) {
    return place(host).senders()[stripe];
  }

  /// The hosts, in the order in which they came.
  List<Integer> hosts() {
    return List.copyOf(places.keySet());
  }

  /// The number of stripes that one sends, over all its receivers.
  int load(int sender) {
    return loads.getOrDefault(sender, 0);
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
    int[] last = new int[numStripes];
    for (int stripe = 0; stripe < numStripes; stripe++) {
      last[stripe] = lastRank(stripe) + 1;
    }
    add(host);
    List<Edge> edges = new ArrayList<>();
    for (int stripe = 0; stripe < numStripes; stripe++) {
      place(host).ranks()[stripe] = last[stripe];
      edges.add(attach(host, stripe));
    }
    return edges;
  }

  private int lastRank(int stripe) {
    return places.values().stream().mapToInt(place -> place.ranks()[stripe]).max().orElse(-1);
  }

  /// The source sends only to a host that has no other before it.
  private Edge attach(int host, int stripe) {
    int rank = place(host).ranks()[stripe];
    int from =
        places.keySet().stream()
            .filter(each -> place(each).ranks()[stripe] < rank)
            .min(
                Comparator.<Integer>comparingInt(this::load)
                    .thenComparingInt(each -> depth(each, stripe)))
            .orElse(source);
    return send(from, host, stripe);
  }

  /// Removes a host that is lost.
  ///
  /// @return the new senders of its receivers
  /// @throws IllegalArgumentException if there is no such host
  List<Edge> lose(int host) {
    Place lost = place(host);
    places.remove(host);
    loads.remove(host);
    List<Edge> edges = new ArrayList<>();
    for (int stripe = 0; stripe < numStripes; stripe++) {
      int above = lost.senders()[stripe];
      loads.merge(above, -1, Integer::sum);
      List<Integer> orphans = receivers(host, stripe);
      for (int i = 0; i < orphans.size(); i++) {
        // One takes the place of the lost one: so the source too keeps a receiver of each stripe.
        edges.add(i == 0 ? send(above, orphans.get(i), stripe) : attach(orphans.get(i), stripe));
      }
    }
    return edges;
  }

  /// In their order, so that none is given a sender that has none itself.
  private List<Integer> receivers(int sender, int stripe) {
    return places.entrySet().stream()
        .filter(each -> each.getValue().senders()[stripe] == sender)
        .sorted(Comparator.comparingInt(each -> each.getValue().ranks()[stripe]))
        .map(Map.Entry::getKey)
        .toList();
  }
}
