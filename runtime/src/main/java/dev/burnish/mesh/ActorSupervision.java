package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.RemoteActors;
import dev.burnish.actor.Supervisor;
import dev.burnish.actor.Supervisor.Keeper;
import dev.burnish.concurrent.Thrown;
import dev.burnish.link.Link;
import dev.burnish.link.OpenCall;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.host.ProcessRef;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Constructs the actors of a mesh, and supervises them for its owner: a lost process or link, or a
/// failure that the actor's process reports, leads to a restart, to the handler of the mesh, or to
/// the owner.
///
/// Each actor fails at most once per construction: later reports of the same failure are dropped.
final class ActorSupervision implements Keeper {
  private static final String CLOSED = "its mesh was closed";
  private static final System.Logger LOG = System.getLogger(ActorSupervision.class.getName());

  private final ActorSystem system;
  private final Owner owner;
  private final RemoteActors.Blueprint blueprint;
  private final String name;
  private final Shape shape;
  private final ProcMeshRef procs;
  private final ActorOptions options;
  private final long mesh;
  private final List<Slot<ActorRef>> slots = new ArrayList<>();

  /// The same, once their processes know them: calls over links other than ours find them then.
  private final List<Slot<ActorRef>> made = new ArrayList<>();

  /// Failures of each rank, so that an actor whose failure came first is not considered alive;
  /// changed under the lock.
  private final AtomicLongArray failures;

  private final ReentrantLock lock = new ReentrantLock();
  private final Restarts restarts;
  private final AtomicBoolean closed = new AtomicBoolean();

  /// Removes the listeners from the link of each actor.
  private final Map<ActorRef, Runnable> listening = new ConcurrentHashMap<>();

  private volatile Runnable onClosed = () -> {};

  ActorSupervision(
      ActorSystem system,
      Owner owner,
      RemoteActors.Blueprint blueprint,
      String name,
      Shape shape,
      ProcMeshRef procs,
      ActorOptions options) {
    this.system = system;
    this.owner = owner;
    this.blueprint = blueprint;
    this.name = name;
    this.shape = shape;
    this.procs = procs;
    this.options = options;
    this.restarts = new Restarts(options.restart(), system.clock());
    this.mesh = system.nextNumber();
    this.failures = new AtomicLongArray(shape.size());
    for (int rank = 0; rank < shape.size(); rank++) {
      slots.add(new Slot<>(name + "[" + rank + "]"));
      made.add(new Slot<>(name + "[" + rank + "]"));
    }
  }

  /// Ranks count members in the order of slots.
  Shape shape() {
    return Shape.of(shape.extent());
  }

  /// The actors as stubs see them, and the address at which others ask for them.
  ActorMesh.Actors actors() {
    List<Member> members = new ArrayList<>();
    for (int rank = 0; rank < slots.size(); rank++) {
      members.add(Member.owned(slots.get(rank), made.get(rank)));
    }
    return new ActorMesh.Actors(name, members, new ActorRef(system.self(), mesh));
  }

  @Override
  public ActorRef locate(int place) {
    return Slot.of(made, "an actor", place).get();
  }

  /// Runs an action when they are closed.
  void onClosed(Runnable action) {
    onClosed = action;
  }

  void start() {
    system.supervise(mesh, this);
    for (int rank = 0; rank < slots.size(); rank++) {
      int place = rank;
      if (procs.slot(rank).now().isPresent()) {
        begin(rank, owner);
      } else {
        Supervisor above = procs.awaitStart(rank) ? ActorSupervision::toldBefore : owner;
        system.execute("spawn " + slots.get(rank).name(), () -> begin(place, above));
      }
    }
  }

  /// @param above is told of a failure that the mesh does not handle
  private void begin(int rank, Supervisor above) {
    try {
      makeWhereItIs(rank, procs.slot(rank).get());
    } catch (RuntimeException | Error e) {
      lose(
          rank,
          Optional.empty(),
          new Failure(unplaced(rank), String.valueOf(e.getMessage()), List.of()),
          above);
    }
  }

  /// The owner is told by the supervision of the process.
  private static void toldBefore(Failure failure) {
    LOG.log(System.Logger.Level.DEBUG, "told before: {0}", failure.describe());
  }

  private void makeWhereItIs(int rank, ProcessRef process) {
    try {
      make(rank, process);
    } catch (ReplicaLost e) {
      if (!procs.isHeld()) {
        throw e;
      }
      make(rank, procs.renew(rank, process));
    }
  }

  private void make(int rank, ProcessRef process) {
    long failuresBefore = failures.get(rank);
    Link link = system.switchboard().link(process.address());
    ActorRef ref = new ActorRef(process.address(), system.nextNumber());
    procs.occupy(process);
    OpenCall spawning =
        system.remote().spawn(link, blueprint, name, shape.point(rank), ref.number(), mesh);
    if (!settle(rank, ref, failuresBefore)) {
      system.remote().stop(link, ref.number(), CLOSED);
      return;
    }
    spawning.onEnd(outcome -> {
      if (outcome instanceof OpenCall.Outcome.Value && slots.get(rank).isAt(ref)) {
        made.get(rank).settle(ref);
      }
    });
    listen(
        rank,
        link,
        ref,
        cause ->
            system.execute(
                "lost " + slots.get(rank).name(), () -> lostLink(rank, ref, process, cause)));
  }

  private void listen(int rank, Link link, ActorRef ref, Consumer<ReplicaLost> listener) {
    listening.put(ref, () -> link.forget(listener));
    link.onDown(listener);
    // It may have failed, or the mesh may have been closed, before there was anything to forget.
    if (closed.get() || !slots.get(rank).isAt(ref)) {
      forget(ref);
    }
  }

  /// Actors whose links are listened to.
  int numListening() {
    return listening.size();
  }

  /// Forgets an actor that has ended, or is not ours.
  private void forget(ActorRef ref) {
    Optional.ofNullable(listening.remove(ref)).ifPresent(Runnable::run);
  }

  /// Whether the mesh takes the actor now: one that was closed meanwhile takes none, and an actor
  /// whose failure was reported before this is over.
  ///
  /// @param failuresBefore the number of failures before it was constructed
  private boolean settle(int rank, ActorRef ref, long failuresBefore) {
    lock.lock();
    try {
      if (closed.get() || failures.get(rank) != failuresBefore) {
        return false;
      }
      slots.get(rank).settle(ref);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void lostLink(int rank, ActorRef ref, ProcessRef process, ReplicaLost cause) {
    if (!closed.get() && slots.get(rank).isAt(ref)) {
      lose(
          rank,
          Optional.of(process),
          ProcMeshRef.failure(place(rank, process), procs.exit(process), cause));
    }
  }

  private Place place(int rank, ProcessRef process) {
    return new Place(
        name, shape.point(rank), process.address().process(), process.address().host());
  }

  private Place unplaced(int rank) {
    return new Place(name, shape.point(rank), "(none)", "(none)");
  }

  /// Handles the report of an actor's process that the actor has failed.
  @Override
  public void failed(Failure failure) {
    int rank = failure.place().point().rank();
    if (rank < slots.size()) {
      system.execute(
          "failed " + slots.get(rank).name(), () -> lose(rank, procs.slot(rank).now(), failure));
    }
  }

  private void lose(int rank, Optional<ProcessRef> process, Failure failure) {
    lose(rank, process, failure, owner);
  }

  private void lose(int rank, Optional<ProcessRef> process, Failure failure, Supervisor above) {
    Slot<ActorRef> slot = slots.get(rank);
    Optional<Duration> delay;
    lock.lock();
    try {
      if (closed.get() || slot.isGone()) {
        return;
      }
      failures.incrementAndGet(rank);
      slot.now().ifPresent(this::forget);
      delay = process.isPresent() ? restarts.next() : Optional.empty();
      if (delay.isPresent()) {
        slot.expect();
        made.get(rank).expect();
      } else {
        ReplicaLost why = new ReplicaLost(failure.reason());
        slot.lose(why);
        made.get(rank).lose(why);
      }
    } finally {
      lock.unlock();
    }
    if (delay.isPresent()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}; restarts in {1} s",
          failure.describe(),
          delay.get().toMillis() / 1e3);
      system.later(delay.get(), "restart " + slot.name(), () -> restart(rank, process.get()));
    } else if (!handles(failure)) {
      above.failed(failure);
    }
  }

  private void restart(int rank, ProcessRef lost) {
    if (closed.get()) {
      return;
    }
    try {
      make(rank, procs.renew(rank, lost));
    } catch (RuntimeException | Error e) {
      lose(
          rank,
          Optional.of(lost),
          new Failure(place(rank, lost), "cannot be restarted: " + e.getMessage(), List.of()));
    }
  }

  private boolean handles(Failure failure) {
    try {
      return options.onFailure().test(failure);
    } catch (Throwable e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "a handler of failures failed; the failure goes to the owner: {0}",
          Thrown.text(e));
      return false;
    }
  }

  /// Stops the actors; waits a bounded time. Does nothing the second time.
  void close() {
    List<ActorRef> actors = new ArrayList<>();
    lock.lock();
    try {
      if (!closed.compareAndSet(false, true)) {
        return;
      }
      for (Slot<ActorRef> slot : slots) {
        slot.now().ifPresent(actors::add);
        slot.lose(new ReplicaLost(CLOSED));
      }
      made.forEach(slot -> slot.lose(new ReplicaLost(CLOSED)));
    } finally {
      lock.unlock();
    }
    try {
      stop(actors);
    } finally {
      listening.keySet().forEach(this::forget);
      system.forget(mesh);
      onClosed.run();
    }
  }

  private void stop(List<ActorRef> actors) {
    List<OpenCall> stopping = actors.stream().flatMap(ref -> stop(ref).stream()).toList();
    for (OpenCall call : stopping) {
      try {
        call.await(system.loader());
      } catch (CallTimedOut e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "an actor of {0} does not stop; it ends with its process: {1}",
            name,
            e.getMessage());
      } catch (CallFailure e) {
        LOG.log(System.Logger.Level.DEBUG, "an actor went with its process: {0}", e.getMessage());
      }
    }
  }

  private Optional<OpenCall> stop(ActorRef ref) {
    return system
        .switchboard()
        .existing(ref.process().process())
        .map(link -> system.remote().stop(link, ref.number(), CLOSED));
  }
}
