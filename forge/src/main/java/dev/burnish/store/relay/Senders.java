package dev.burnish.store.relay;

import dev.burnish.store.Published;
import dev.burnish.store.VersionedWeights;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Those who may send versions to this host: the source, and other hosts. Thread-safe.
final class Senders {
  /// The number of the source; hosts are numbered from 1.
  static final int SOURCE = 0;

  /// Stripes of a version, so that one host of many that takes over receivers sends little more.
  private static final int MOST_STRIPES = 8;

  /// Time for which a host that has failed is not asked again.
  private static final Duration ABSENCE = Duration.ofSeconds(30);

  private final VersionedWeights source;
  private final Map<Integer, Long> absentSince = new ConcurrentHashMap<>();
  private final Map<Integer, LongAdder> received = new ConcurrentHashMap<>();
  private volatile Relays relays = new Relays(0, List.of());

  /// The hosts, this one among them.
  ///
  /// @param own place of this one
  private record Relays(int own, List<HostWeights> hosts) {}

  Senders(VersionedWeights source) {
    this.source = source;
  }

  /// @param hosts in the same order for all
  void relay(int own, List<HostWeights> hosts) {
    relays = new Relays(own, List.copyOf(hosts));
  }

  VersionedWeights source() {
    return source;
  }

  /// The ways of a version to this host, as things are now: one for each stripe.
  List<Way> ways() {
    Relays now = relays;
    int numHosts = Math.max(now.hosts().size(), 1);
    int numStripes = Math.min(numHosts, MOST_STRIPES);
    List<Integer> hosts = IntStream.rangeClosed(1, numHosts).boxed().toList();
    return IntStream.range(0, numStripes)
        .mapToObj(stripe -> {
          Way way =
              new Way(RelayPlan.of(SOURCE, hosts, numStripes), now.own() + 1, stripe, numStripes);
          hosts.stream().filter(host -> host != way.own() && isAbsent(host)).forEach(way::lose);
          return way;
        })
        .toList();
  }

  private boolean isAbsent(int host) {
    Long since = absentSince.get(host);
    return since != null && System.nanoTime() - since < ABSENCE.toNanos();
  }

  /// Notes that a host does not send.
  void absent(int host) {
    absentSince.put(host, System.nanoTime());
  }

  /// The memory of a version at a sender, to be closed by the caller.
  Published open(int sender, String set, long version) {
    return sender == SOURCE
        ? source.get(set, version)
        : relays.hosts().get(sender - 1).coming(set, version);
  }

  void received(int sender, long bytes) {
    received.computeIfAbsent(sender, _ -> new LongAdder()).add(bytes);
  }

  /// Bytes by sender.
  List<Long> received() {
    return Stream.iterate(SOURCE, sender -> sender <= relays.hosts().size(), sender -> sender + 1)
        .map(sender -> received.getOrDefault(sender, new LongAdder()).sum())
        .toList();
  }

  /// The senders of one stripe to this host. One thread.
  ///
  /// @param own number of this host
  record Way(RelayPlan plan, int own, int stripe, int numStripes) {
    int sender() {
      return plan.sender(own, stripe);
    }

    void lose(int sender) {
      List<RelayPlan.Edge> ignored = plan.lose(sender);
    }
  }
}
