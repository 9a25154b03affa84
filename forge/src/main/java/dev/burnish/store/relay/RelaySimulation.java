package dev.burnish.store.relay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.stream.IntStream;

/// How long a [RelayPlan] takes, simulated chunk by chunk: every host sends and receives at the
/// speed of its network card, one chunk after the other, to its receivers in turn. No sockets, no
/// clock.
///
/// Host 0 is the source.
public final class RelaySimulation {
  private static final int SOURCE = 0;

  private final Network network;
  private final RelayPlan plan;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Map<Integer, Host> hosts = new HashMap<>();
  private final Set<Integer> lost = new HashSet<>();
  private long numEvents;
  private double now;

  /// The network, and the way of the bytes.
  ///
  /// @param chunks of the version
  /// @param chunkSeconds that a card takes for a chunk
  /// @param latency in seconds between any two hosts
  /// @param noticed seconds after which the loss of a host is known to its receivers
  public record Network(int chunks, double chunkSeconds, double latency, double noticed) {
    /// Seconds of one transfer from host to host.
    public double oneTransfer() {
      return chunks * chunkSeconds + latency;
    }
  }

  /// A host that is lost, or joins.
  public record Change(double at, int host) {}

  /// The outcome.
  ///
  /// @param seconds until all hosts that were not lost have all chunks
  /// @param sourceShare chunks that the source has sent, by those of the version
  /// @param largestShare the same of the host that has sent most
  /// @param numReceivers of the source
  public record Outcome(
      double seconds, double sourceShare, double largestShare, int numReceivers) {}

  private record Event(double at, long number, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int order = Double.compare(at, other.at);
      return order != 0 ? order : Long.compare(number, other.number);
    }
  }

  /// A host while the version comes.
  private final class Host {
    private final int number;
    private final BitSet there = new BitSet();
    private final Map<RelayPlan.Edge, Queue<Integer>> sending = new HashMap<>();
    private final Queue<RelayPlan.Edge> turns = new ArrayDeque<>();
    private boolean busy;
    private double received;
    private double whole;
    private long numSent;
    private final Set<Integer> receivers = new HashSet<>();

    Host(int number) {
      this.number = number;
    }

    /// The receiver asks for all that it has not, in order.
    void open(RelayPlan.Edge edge, int numStripes) {
      BitSet has = host(edge.to()).there;
      Queue<Integer> asked = new ArrayDeque<>();
      for (int chunk = edge.stripe(); chunk < network.chunks(); chunk += numStripes) {
        if (!has.get(chunk)) {
          asked.add(chunk);
        }
      }
      sending.put(edge, asked);
      turns.add(edge);
      receivers.add(edge.to());
      send();
    }

    /// Sends the next chunk to the next receiver for which there is one.
    void send() {
      for (int i = turns.size(); i > 0 && !busy; i--) {
        RelayPlan.Edge edge = turns.remove();
        Queue<Integer> asked = sending.getOrDefault(edge, new ArrayDeque<>());
        if (!asked.isEmpty() && !isLost(edge)) {
          turns.add(edge);
          if (there.get(asked.element())) {
            send(edge.to(), asked.remove());
          }
        }
      }
    }

    private boolean isLost(RelayPlan.Edge edge) {
      return lost.contains(edge.to()) || plan.sender(edge.to(), edge.stripe()) != number;
    }

    private void send(int to, int chunk) {
      busy = true;
      numSent++;
      Host receiver = host(to);
      double sent = now + network.chunkSeconds();
      double arrived =
          Math.max(sent + network.latency(), receiver.received + network.chunkSeconds());
      receiver.received = arrived;
      at(
          sent,
          () -> {
            busy = false;
            if (!lost.contains(number)) {
              send();
            }
          });
      at(arrived, () -> receiver.receive(chunk, number));
    }

    private void receive(int chunk, int from) {
      if (lost.contains(number) || lost.contains(from)) {
        return;
      }
      there.set(chunk);
      if (there.cardinality() == network.chunks()) {
        whole = now;
      }
      send();
    }
  }

  private RelaySimulation(Network network, RelayPlan plan) {
    this.network = network;
    this.plan = plan;
  }

  private void at(double time, Runnable action) {
    events.add(new Event(time, numEvents++, action));
  }

  /// Simulates.
  ///
  /// @param numHosts beside the source
  /// @param losses of some of them
  /// @param joins of others, with numbers above
  public static Outcome run(
      Network network, int numHosts, int numStripes, List<Change> losses, List<Change> joins) {
    List<Integer> numbers = IntStream.rangeClosed(1, numHosts).boxed().toList();
    RelaySimulation simulation =
        new RelaySimulation(network, RelayPlan.of(SOURCE, numbers, numStripes));
    return simulation.run(numStripes, losses, joins);
  }

  private Outcome run(int numStripes, List<Change> losses, List<Change> joins) {
    Host source = new Host(SOURCE);
    source.there.set(0, network.chunks());
    hosts.put(SOURCE, source);
    plan.hosts().forEach(host -> hosts.put(host, new Host(host)));
    for (int host : plan.hosts()) {
      for (int stripe = 0; stripe < numStripes; stripe++) {
        open(new RelayPlan.Edge(plan.sender(host, stripe), host, stripe), numStripes);
      }
    }
    losses.forEach(loss -> at(loss.at(), () -> lose(loss.host(), numStripes)));
    joins.forEach(join -> at(join.at(), () -> join(join.host(), numStripes)));
    while (!events.isEmpty()) {
      Event next = events.remove();
      now = next.at();
      next.action().run();
    }
    return outcome(source);
  }

  private Host host(int number) {
    Host host = hosts.get(number);
    if (host == null) {
      throw new IllegalStateException("a plan names hosts that there are: host=" + number);
    }
    return host;
  }

  private void open(RelayPlan.Edge edge, int numStripes) {
    host(edge.from()).open(edge, numStripes);
  }

  private void lose(int host, int numStripes) {
    lost.add(host);
    at(now + network.noticed(), () -> plan.lose(host).forEach(edge -> open(edge, numStripes)));
  }

  private void join(int host, int numStripes) {
    hosts.put(host, new Host(host));
    plan.join(host).forEach(edge -> open(edge, numStripes));
  }

  /// @throws IllegalStateException if a host has not got all chunks
  private Outcome outcome(Host source) {
    List<Host> alive = new ArrayList<>(hosts.values());
    alive.removeIf(host -> host == source || lost.contains(host.number));
    alive.stream()
        .filter(host -> host.there.cardinality() < network.chunks())
        .findFirst()
        .ifPresent(host -> {
          throw new IllegalStateException("a host must get all chunks: host=" + host.number);
        });
    double chunks = network.chunks();
    return new Outcome(
        alive.stream().mapToDouble(host -> host.whole).max().orElse(0),
        source.numSent / chunks,
        alive.stream().mapToDouble(host -> host.numSent / chunks).max().orElse(0),
        source.receivers.size());
  }
}
