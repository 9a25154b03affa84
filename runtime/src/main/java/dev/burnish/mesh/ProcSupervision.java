package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Supervisor;
import dev.burnish.concurrent.Scope;
import dev.burnish.launch.Exit;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.host.Agents;
import dev.burnish.mesh.host.ProcessAgent;
import dev.burnish.mesh.host.ProcessRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// Starts, watches and ends the processes of a mesh, for its owner, and says where they are.
final class ProcSupervision implements Supervisor.Keeper {
  private static final Duration GRACE = Duration.ofSeconds(8);

  private final ActorSystem system;
  private final Owner owner;
  private final String name;
  private final String prefix;
  private final Shape shape;
  private final List<ProcMeshRef.Place> places;
  private final List<Slot<ProcessRef>> slots = new ArrayList<>();
  private final Tellers tellers = new Tellers();
  private final Map<Integer, ReentrantLock> renewing = new ConcurrentHashMap<>();
  private final AtomicInteger generation = new AtomicInteger();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final long mesh;
  private volatile Runnable onClosed = () -> {};

  /// Decides who reports a process that ends or cannot be started: the supervision of the actors in
  /// it, if there is one, else that of the process. So an owner of both is told once. Shared by
  /// slices. Thread-safe.
  static final class Tellers {
    private final Set<ProcessRef> occupied = ConcurrentHashMap.newKeySet();
    private final Set<Integer> awaited = new HashSet<>();
    private final Set<Integer> told = new HashSet<>();

    /// Leaves the report of a process's loss to the supervision of the actors in it.
    void occupy(ProcessRef process) {
      occupied.add(process);
    }

    /// Notes that a process has ended and another has taken its place.
    private void left(ProcessRef process) {
      occupied.remove(process);
    }

    /// Leaves the report of a failed start to the supervision of the actors that will run there.
    ///
    /// @return whether the failure has been reported already
    synchronized boolean await(int position) {
      awaited.add(position);
      return told.contains(position);
    }

    /// Whether this caller is to report that a process could not be started: nobody else does.
    private synchronized boolean tell(int position) {
      return !awaited.contains(position) && told.add(position);
    }
  }

  ProcSupervision(
      ActorSystem system, Owner owner, String name, Shape shape, List<ProcMeshRef.Place> places) {
    this.system = system;
    this.owner = owner;
    this.name = name;
    this.prefix =
        system.unique(system.isController() ? name : system.self().process() + "/" + name);
    this.shape = shape;
    this.places = places;
    this.mesh = system.nextNumber();
    for (int rank = 0; rank < places.size(); rank++) {
      slots.add(new Slot<>("process " + processName(rank)));
    }
  }

  List<Slot<ProcessRef>> slots() {
    return slots;
  }

  Tellers tellers() {
    return tellers;
  }

  /// The address at which others ask for its processes.
  ActorRef address() {
    return new ActorRef(system.self(), mesh);
  }

  /// The agent in a process: that of a new one, if the previous one does not answer.
  @Override
  public ActorRef locate(int place) {
    ProcessRef known = Slot.of(slots, "a process", place).get();
    return new ActorRef(renew(place, known).address(), ProcessAgent.NUMBER);
  }

  /// Processes are watched, they do not report.
  @Override
  public void failed(Failure failure) {
    System.getLogger(ProcSupervision.class.getName())
        .log(System.Logger.Level.WARNING, "not of a process: {0}", failure.describe());
  }

  /// Runs an action when they are closed.
  void onClosed(Runnable action) {
    onClosed = action;
  }

  void start() {
    system.supervise(mesh, this);
    for (int rank = 0; rank < places.size(); rank++) {
      int position = rank;
      system.execute("start " + processName(rank), () -> start(position, processName(position)));
    }
  }

  private String processName(int rank) {
    return prefix + "/" + rank;
  }

  private void start(int position, String process) {
    try {
      launch(position, process);
    } catch (ReplicaLost cause) {
      if (!closed.get() && tellers.tell(position)) {
        owner.failed(ProcMeshRef.failure(place(position, process), Optional.empty(), cause));
      }
    }
  }

  /// @throws ReplicaLost if the process cannot be started
  private void launch(int position, String process) {
    Slot<ProcessRef> slot = slots.get(position);
    try {
      ProcMeshRef.Place place = places.get(position);
      ProcessRef started =
          Agents.host(system, place.agent())
              .start(process, place.resources(), place.holder(), system.self());
      system
          .switchboard()
          .link(started.address())
          .onDown(cause -> system.execute("lost " + process, () -> lost(position, started, cause)));
      slot.settle(started);
      if (closed.get()) {
        end(started, Duration.ZERO);
      }
    } catch (RuntimeException | Error e) {
      ReplicaLost cause =
          new ReplicaLost("process %s cannot be started: %s".formatted(process, e.getMessage()), e);
      slot.lose(cause);
      throw cause;
    }
  }

  private Supervisor.Place place(int position, String process) {
    return new Supervisor.Place(
        name, shape.point(position), process, places.get(position).agent().process().host());
  }

  /// A process with actors is reported by the supervision of those.
  private void lost(int position, ProcessRef process, ReplicaLost cause) {
    if (closed.get() || tellers.occupied.contains(process) || !slots.get(position).isAt(process)) {
      return;
    }
    Optional<Exit> exit = Agents.exit(system, process, Duration.ofSeconds(1));
    slots.get(position).lose(cause);
    owner.failed(ProcMeshRef.failure(place(position, process.address().process()), exit, cause));
  }

  /// Replaces a lost process. If none can be started, the caller reports that: it may ask again.
  ///
  /// @throws ReplicaLost if no process can be started
  ProcessRef renew(int position, ProcessRef lost) {
    ReentrantLock lock = renewing.computeIfAbsent(position, p -> new ReentrantLock());
    lock.lock();
    try {
      return renewed(position, lost);
    } finally {
      lock.unlock();
    }
  }

  private ProcessRef renewed(int position, ProcessRef lost) {
    Slot<ProcessRef> slot = slots.get(position);
    Optional<ProcessRef> current = slot.now();
    boolean answers =
        current.isPresent()
            && system.switchboard().existing(current.get().address().process()).isPresent();
    if (current.isPresent() && (answers || !current.get().equals(lost))) {
      return current.get();
    }
    slot.expect();
    end(lost, Duration.ZERO);
    tellers.left(lost);
    launch(position, processName(position) + "~" + generation.incrementAndGet());
    return slot.get();
  }

  /// Ends them at once; returns how those ended that had ended, and were not connected any more.
  List<Exit> kill(Duration patience) {
    List<Exit> exits = new ArrayList<>();
    closed.set(true);
    for (Slot<ProcessRef> slot : slots) {
      slot.now()
          .ifPresent(process -> {
            if (system.switchboard().existing(process.address().process()).isEmpty()) {
              Agents.exit(system, process, patience).ifPresent(exits::add);
            }
            end(process, Duration.ZERO);
          });
    }
    release();
    return exits;
  }

  void close() {
    if (closed.compareAndSet(false, true)) {
      Scope.map(
          slots,
          slot -> {
            slot.now().ifPresent(process -> end(process, GRACE));
            return true;
          });
      release();
    }
  }

  /// Releases the reservations on hosts.
  private void release() {
    onClosed.run();
    system.forget(mesh);
    places.stream().distinct().forEach(place -> Placer.release(system, place));
  }

  /// A host that is lost ends its processes itself.
  private void end(ProcessRef process, Duration grace) {
    try {
      Agents.reached(system, process.agent())
          .ifPresent(agent -> agent.end(process.address().process(), grace.toMillis()));
    } catch (ReplicaLost e) {
      System.getLogger(ProcSupervision.class.getName())
          .log(System.Logger.Level.DEBUG, "a process went with its host: {0}", process.address());
    }
  }
}
