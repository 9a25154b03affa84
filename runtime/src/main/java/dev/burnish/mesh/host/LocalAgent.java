package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Waits;
import dev.burnish.host.ResidentMemory;
import dev.burnish.launch.Exit;
import dev.burnish.launch.ProcessStarter;
import dev.burnish.launch.ProcessStarter.Running;
import dev.burnish.launch.Resources;
import dev.burnish.link.Link;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.mesh.placement.Capacity;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Ledger;
import dev.burnish.mesh.placement.Reservation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The agent of this host: in the controller on its own host, in `burnish worker` on others.
public final class LocalAgent implements HostAgent, AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration GRACE = Duration.ofSeconds(8);
  private static final int MOST_ENDED = 20;

  private final ActorSystem system;
  private final ProcessStarter starter;
  private final Bootstrap template;
  private final Ledger ledger = new Ledger(Capacity.ofThisHost());
  private final ConcurrentMap<String, Child> children = new ConcurrentHashMap<>();

  /// Removes the listeners from the links of holders.
  private final Map<String, Runnable> holding = new ConcurrentHashMap<>();

  /// Names of ended processes that are kept.
  private final Queue<String> ended = new ArrayDeque<>();

  /// A process from its start until after its end.
  private static final class Child {
    private final Optional<String> holder;
    private volatile Runnable atEnd = () -> {};
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Optional<ProcessAddress> address = Optional.empty();
    private volatile Optional<Running> running = Optional.empty();
    private volatile Optional<Exit> exit = Optional.empty();

    Child(Optional<String> holder) {
      this.holder = holder;
    }

    void ready(ProcessAddress at) {
      address = Optional.of(at);
      started.countDown();
    }

    boolean answers() {
      return exit.isEmpty() && running.isPresent() && address.isPresent();
    }

    void exited(Exit how) {
      exit = Optional.of(how);
      started.countDown();
      ended.countDown();
    }
  }

  /// An agent without processes.
  ///
  /// @param template of the bootstrap of the processes
  public LocalAgent(ActorSystem system, ProcessStarter starter, Bootstrap template) {
    this.system = system;
    this.starter = starter;
    this.template = template;
  }

  @Override
  public ProcessRef start(
      String name, Resources resources, Optional<String> holder, ProcessAddress owner) {
    Child child = new Child(holder);
    if (children.putIfAbsent(name, child) != null) {
      throw new IllegalArgumentException("a process has a name of its own: name=" + name);
    }
    try {
      child.running =
          Optional.of(
              starter.start(
                  name,
                  resources,
                  template.named(name).encode(),
                  exit -> exited(name, child, exit)));
    } catch (IOException e) {
      children.remove(name);
      throw new UncheckedIOException("cannot start the process %s: %s".formatted(name, e), e);
    }
    if (!await(child.started, START)) {
      end(name, 0);
      throw new IllegalStateException(
          "process %s did not answer within %s; its last output: %s"
              .formatted(name, START, child.running.get().log()));
    }
    ProcessAddress address =
        child.address.orElseThrow(() ->
            new IllegalStateException(
                "%s before it answered; its last output: %s"
                    .formatted(child.exit.orElseThrow().describe(), child.exit.get().log())));
    endWith(owner, name, child);
    return new ProcessRef(address, new ActorRef(system.self(), NUMBER));
  }

  @Override
  public HostFree free() {
    Stream<String> running =
        children.entrySet().stream()
            .filter(child -> child.getValue().exit.isEmpty())
            .map(Map.Entry::getKey);
    Map<String, Integer> taken = numRunning();
    List<String> reserved = ledger.reserved(holder -> taken.getOrDefault(holder, 0));
    List<String> names = Stream.concat(running, reserved.stream()).sorted().toList();
    return new HostFree(system.self().host(), ledger.capacity(), ledger.free(), names);
  }

  /// The number of processes that run in each reservation.
  private Map<String, Integer> numRunning() {
    Map<String, Integer> running = new HashMap<>();
    children.values().stream()
        .filter(child -> child.exit.isEmpty())
        .flatMap(child -> child.holder.stream())
        .forEach(holder -> running.merge(holder, 1, Integer::sum));
    return running;
  }

  /// The number of processes that run outside of reservations.
  private int numOthers() {
    return (int)
        children.values().stream()
            .filter(child -> child.exit.isEmpty())
            .filter(child -> child.holder.filter(ledger::holds).isEmpty())
            .count();
  }

  @Override
  public Optional<List<List<Integer>>> reserve(
      Reservation reservation, int mostProcesses, ProcessAddress owner) {
    String holder = reservation.holder();
    Optional<List<List<Integer>>> devices = ledger.take(reservation, mostProcesses - numOthers());
    if (devices.isPresent() && !owner.process().equals(system.self().process())) {
      Link link = system.switchboard().link(owner);
      Consumer<ReplicaLost> listener = cause -> release(holder);
      holding.put(holder, () -> link.forget(listener));
      link.onDown(listener);
    }
    return devices;
  }

  @Override
  public void release(String holder) {
    Optional.ofNullable(holding.remove(holder)).ifPresent(Runnable::run);
    ledger.release(holder);
  }

  /// Called when the operating system reports the exit: calls to the process fail now, not when its
  /// link is found to be down.
  private void exited(String name, Child child, Exit exit) {
    child.exited(exit);
    child.atEnd.run();
    keepLast(name);
    if (!template.folder().isEmpty()) {
      SocketNetwork.clean(Path.of(template.folder()), name);
    }
    system
        .switchboard()
        .existing(name)
        .ifPresent(link -> link.lose(new ReplicaLost(exit.describe())));
  }

  /// Keeps the output of the processes that ended last, as it is asked for after their end.
  private void keepLast(String name) {
    synchronized (ended) {
      ended.add(name);
      if (ended.size() > MOST_ENDED) {
        children.remove(ended.remove());
      }
    }
  }

  private void endWith(ProcessAddress owner, String name, Child child) {
    if (!owner.process().equals(system.self().process())) {
      Link link = system.switchboard().link(owner);
      Consumer<ReplicaLost> listener =
          cause -> system.execute("end " + name, () -> end(name, GRACE.toMillis()));
      link.onDown(listener);
      child.atEnd = () -> link.forget(listener);
      if (child.exit.isPresent()) {
        link.forget(listener);
      }
    }
  }

  @Override
  public void ready(ProcessAddress process) {
    Optional.ofNullable(children.get(process.process())).ifPresent(child -> child.ready(process));
  }

  @Override
  public Optional<Exit> exit(String process, long millis) {
    Child child = children.get(process);
    if (child == null) {
      return Optional.empty();
    }
    await(child.ended, Duration.ofMillis(millis));
    return child.exit;
  }

  @Override
  public void end(String process, long graceMillis) {
    Optional.ofNullable(children.get(process))
        .flatMap(child -> child.running)
        .ifPresent(running -> running.end(Duration.ofMillis(graceMillis)));
  }

  @Override
  public List<ProcessStatus> processes() {
    List<Map.Entry<String, Child>> running =
        children.entrySet().stream().filter(entry -> entry.getValue().answers()).toList();
    return Scope.map(running, entry -> status(entry.getKey(), entry.getValue()));
  }

  private ProcessStatus status(String name, Child child) {
    long pid = child.running.orElseThrow().pid();
    return new ProcessStatus(name, pid, residentMegabytes(pid), actors(child));
  }

  private List<ActorSystem.ActorStatus> actors(Child child) {
    try {
      return Agents.process(
              system,
              new ProcessRef(child.address.orElseThrow(), new ActorRef(system.self(), NUMBER)))
          .actors();
    } catch (RuntimeException e) {
      return List.of();
    }
  }

  /// 0 where the system does not say.
  public static int residentMegabytes(long pid) {
    return (int) (ResidentMemory.of(pid).orElse(0) >> 20);
  }

  @Override
  public List<String> log(String process) {
    return Optional.ofNullable(children.get(process))
        .map(child ->
            child
                .exit
                .map(Exit::log)
                .orElseGet(() -> child.running.map(Running::log).orElse(List.of())))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no such process: process=%s processes=%s"
                    .formatted(process, children.keySet())));
  }

  /// Ends every process.
  @Override
  public void close() {
    List<Thread> ending =
        children.keySet().stream()
            .map(name ->
                Thread.ofVirtual().name("end " + name).start(() -> end(name, GRACE.toMillis())))
            .toList();
    for (Thread thread : ending) {
      try {
        Waits.join(thread);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static boolean await(CountDownLatch latch, Duration time) {
    try {
      return Waits.await(latch, time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("interrupted while waiting for a process");
    }
  }
}
