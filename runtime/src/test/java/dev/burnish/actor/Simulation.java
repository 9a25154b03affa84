package dev.burnish.actor;

import dev.burnish.concurrent.Alarm;
import dev.burnish.link.Clock;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.transport.FrameSequence;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.Transport;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Limits;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Many processes in one thread: the real code of links, switchboards, nodes, actors and meshes,
/// over a clock, threads and connections that are simulated. All randomness comes from the seed, so
/// a run of a seed is always the same.
public final class Simulation {
  /// How often frames are lost, duplicated and swapped, per thousand.
  public record Faults(int losses, int doubles, int swaps) {
    /// None.
    public static Faults none() {
      return new Faults(0, 0, 0);
    }
  }

  private record Event(long time, long number, String process, Runnable action)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private static final RandomGeneratorFactory<RandomGenerator> RANDOM =
      RandomGeneratorFactory.of("L64X128MixRandom");

  /// Shared: constructing them again for each process took a fifth of the time.
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());

  private final RandomGenerator random;
  private final Faults faults;
  private final ActorSystemSettings settings;
  private final Queue<Event> events = new PriorityQueue<>();
  private final Map<String, Network.Acceptor> acceptors = new HashMap<>();
  private final Map<String, List<SimulatedTransport>> connections = new HashMap<>();
  private final Set<String> crashed = new HashSet<>();
  private long now;
  private long numEvents;
  private long numFrames;
  private long digest = 17;

  /// Runs a test with each seed: ten thousand seeds, or as many as `burnish.simulation` says, or
  /// only the one that `burnish.seed` gives, to look into it.
  ///
  /// @return the number of seeds
  /// @throws AssertionError the failure of a seed, and how to replay it
  public static long seeds(LongConsumer test) {
    Optional<Long> one = Optional.ofNullable(Long.getLong("burnish.seed"));
    long first = one.orElse(0L);
    long end = one.map(seed -> seed + 1).orElse(Long.getLong("burnish.simulation", 10_000L));
    for (long seed = first; seed < end; seed++) {
      try {
        test.accept(seed);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "seed=%d; replay it with -Dburnish.seed=%d".formatted(seed, seed), e);
      }
    }
    return end - first;
  }

  /// A simulation without processes.
  public Simulation(long seed, Faults faults) {
    this.random = RANDOM.create(seed);
    this.faults = faults;
    this.settings =
        new ActorSystemSettings(
            Duration.ofSeconds(60),
            Duration.ofNanos(1),
            LinkSettings.defaults().withDetection(Duration.ofSeconds(1), Duration.ofSeconds(8)));
  }

  /// A process whose work never waits.
  ActorSystem process(String name, String host) {
    return process(name, host, (what, work) -> at(now + 1000, name, work));
  }

  /// A process whose work runs on virtual threads, which may wait: each resumption is an event like
  /// all others.
  public ActorSystem waitingProcess(String name, String host) {
    return process(name, host, (what, work) -> thread(name, work));
  }

  /// Runs work that may wait, on a thread of a process.
  public void thread(String process, Runnable work) {
    SimulatedThreads.start(step -> at(now + 1000, process, step), process, work);
  }

  private ActorSystem process(String name, String host, ActorSystem.Threads threads) {
    return new ActorSystem(
        new ActorSystem.Parts(
            new SimulatedNetwork(new ProcessAddress(name, host, "", "")),
            new byte[] {1},
            new SimulatedClock(name),
            threads,
            Simulation.class.getClassLoader(),
            CODECS,
            Optional.empty()),
        settings);
  }

  /// All chance.
  public RandomGenerator random() {
    return random;
  }

  /// The number of frames sent.
  public long numFrames() {
    return numFrames;
  }

  /// Depends on every event of the run.
  public long digest() {
    return digest;
  }

  /// Runs an action after a delay, on no process.
  public void later(Duration delay, Runnable action) {
    at(now + delay.toNanos(), "", action);
  }

  /// Stops a process; its peers see their connections end soon.
  public void crash(String process) {
    crashed.add(process);
    connections.getOrDefault(process, List.of()).forEach(transport -> transport.peer().endSoon());
  }

  /// Whether a process has crashed.
  public boolean isCrashed(String process) {
    return crashed.contains(process);
  }

  /// Runs until a condition holds.
  ///
  /// @throws AssertionError if it does not within an hour of simulated time
  public void runUntil(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Event event = events.poll();
      if (event == null || event.time() > Duration.ofHours(1).toNanos()) {
        throw new AssertionError("nothing more happens: now=" + Duration.ofNanos(now));
      }
      now = event.time();
      if (!crashed.contains(event.process())) {
        digest = 31 * digest + event.time() + event.process().hashCode();
        event.action().run();
      }
    }
  }

  private Alarm at(long time, String process, Runnable action) {
    Event event = new Event(Math.max(time, now), numEvents++, process, action);
    events.add(event);
    return () -> events.remove(event);
  }

  private long delay() {
    return 20_000L + random.nextInt(500_000);
  }

  private final class SimulatedClock implements Clock {
    private final String process;

    SimulatedClock(String process) {
      this.process = process;
    }

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public Alarm at(long nanos, Runnable action) {
      return Simulation.this.at(nanos, process, action);
    }
  }

  private final class SimulatedNetwork implements Network {
    private final ProcessAddress self;

    SimulatedNetwork(ProcessAddress self) {
      this.self = self;
    }

    @Override
    public ProcessAddress self() {
      return self;
    }

    @Override
    public Transport connect(ProcessAddress to) throws IOException {
      Acceptor acceptor = acceptors.get(to.process());
      if (acceptor == null || crashed.contains(to.process())) {
        throw new IOException("connection refused: to=" + to);
      }
      SimulatedTransport near = new SimulatedTransport(self.process());
      SimulatedTransport far = new SimulatedTransport(to.process());
      near.other = Optional.of(far);
      far.other = Optional.of(near);
      connections.computeIfAbsent(self.process(), p -> new ArrayList<>()).add(near);
      connections.computeIfAbsent(to.process(), p -> new ArrayList<>()).add(far);
      Simulation.this.at(now + delay(), to.process(), () -> acceptor.accept(far));
      return near;
    }

    @Override
    public void listen(Acceptor acceptor) {
      acceptors.put(self.process(), acceptor);
    }

    @Override
    public void close() {
      acceptors.remove(self.process());
    }
  }

  /// One end of a connection.
  private final class SimulatedTransport implements Transport {
    private final String process;
    private final FrameSequence sequence = new FrameSequence();
    private final List<Runnable> early = new ArrayList<>();
    private Optional<SimulatedTransport> other = Optional.empty();
    private Optional<Receiver> receiver = Optional.empty();
    private int numSent;
    private long lastArrival;
    private boolean ended;

    SimulatedTransport(String process) {
      this.process = process;
    }

    SimulatedTransport peer() {
      return other.orElseThrow();
    }

    @Override
    public void start(Receiver to) {
      receiver = Optional.of(to);
      early.forEach(Runnable::run);
      early.clear();
    }

    @Override
    public void send(Frame frame) {
      int number = numSent++;
      numFrames++;
      lastArrival = Math.max(lastArrival, now + delay());
      int roll = frame instanceof Frame.Hello ? 1000 : random.nextInt(1000);
      if (roll < faults.losses()) {
        return;
      }
      boolean swapped = roll < faults.losses() + faults.swaps();
      long arrival = swapped ? lastArrival + 600_000 : lastArrival;
      peer().arrive(arrival, number, frame);
      if (roll >= 1000 - faults.doubles() && roll < 1000) {
        peer().arrive(arrival + delay(), number, frame);
      }
    }

    private void arrive(long time, int number, Frame frame) {
      at(time, process, () -> deliver(number, frame));
    }

    private void deliver(int number, Frame frame) {
      if (receiver.isEmpty()) {
        early.add(() -> deliver(number, frame));
        return;
      }
      if (ended) {
        return;
      }
      try {
        if (sequence.accept(number)) {
          receiver.get().receive(frame);
        }
      } catch (RuntimeException e) {
        end(e);
        peer().endSoon();
      }
    }

    void endSoon() {
      at(now + delay(), process, () -> end(new EOFException("the peer closed the connection")));
    }

    private void end(Throwable cause) {
      if (!ended) {
        ended = true;
        receiver.ifPresent(to -> to.ended(cause));
      }
    }

    @Override
    public void trust() {}

    @Override
    public void flush() {}

    @Override
    public void close() {
      if (!ended) {
        ended = true;
        peer().endSoon();
      }
    }
  }
}
