package dev.burnish.service;

import dev.burnish.actor.Point;
import dev.burnish.actor.Supervisor;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.launch.Exit;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorOptions;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.Restarts;
import dev.burnish.service.routing.CallTarget;
import dev.burnish.service.routing.ReplicaFailure;
import dev.burnish.service.routing.ReplicaSlot;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// One replica of a service, over all its restarts: every restart is a new generation, with
/// processes of its own and the same names. Reports on an earlier generation are dropped.
final class Replica<T> {
  private static final System.Logger LOG = System.getLogger(Replica.class.getName());
  private static final Duration EXIT = Duration.ofMillis(500);

  private final ReplicaSet<T> set;
  private final int index;
  private final Restarts restarts;
  private ReplicaState state = ReplicaState.STARTING;
  private Instant since = Instant.now();
  private int generation;
  private String reason = "";
  private boolean settled;
  private boolean givenUp;
  private Optional<ProcMesh> procs = Optional.empty();
  private Optional<OwnedMesh<T>> actors = Optional.empty();
  private Optional<ReplicaSlot> slot = Optional.empty();

  Replica(ReplicaSet<T> set, int index) {
    this.set = set;
    this.index = index;
    this.restarts = new Restarts(set.options().restart(), set.system().clock());
  }

  int index() {
    return index;
  }

  /// The name of its actors.
  String name() {
    return set.name() + "/" + index;
  }

  synchronized ReplicaState state() {
    return state;
  }

  synchronized ReplicaStatus status() {
    return new ReplicaStatus(index, name(), state, Math.max(0, generation - 1), since, reason);
  }

  /// Its processes, while it has some.
  synchronized Optional<ProcMesh> procs() {
    return procs;
  }

  /// Its actors, while it has some.
  synchronized Optional<OwnedMesh<T>> actors() {
    return actors;
  }

  /// Reserves room for the first generation.
  ///
  /// @throws dev.burnish.mesh.placement.Unplaceable if there is none
  void take() {
    ProcMesh taken = set.hosting().spawn(name());
    synchronized (this) {
      procs = Optional.of(taken);
    }
  }

  /// Begins a generation; returns at once.
  void start() {
    set.system().execute(name() + " start", this::begin);
  }

  private void begin() {
    int mine;
    synchronized (this) {
      if (state == ReplicaState.STOPPED) {
        return;
      }
      mine = ++generation;
      enter(ReplicaState.STARTING);
    }
    try {
      OwnedMesh<T> actors = spawn(mine);
      actors.await(set.options().health().starting());
      actors.onLost(cause -> lost(mine, String.valueOf(cause.getMessage())));
      watch(mine, actors);
      CallTarget target = ReplicaActors.of(mine, actors, set.options().call().timeout());
      set.admit(target, () -> join(mine, actors, new ReplicaSlot(index, target)));
    } catch (RuntimeException e) {
      lost(mine, "it cannot be started: " + e.getMessage());
    } catch (Throwable e) {
      lost(mine, "it cannot be started: " + e);
    }
  }

  private OwnedMesh<T> spawn(int mine) {
    ProcMesh spawned = procs().orElseGet(() -> set.hosting().spawn(name()));
    if (!hold(mine, spawned)) {
      close(spawned);
      throw new ReplicaLost("it was removed while it started: replica=" + name());
    }
    return set.spawn(
        spawned,
        name(),
        ActorOptions.defaults()
            .withOnFailure(failure -> {
              lost(mine, failure.reason());
              return true;
            }));
  }

  private synchronized boolean hold(int mine, ProcMesh spawned) {
    if (isAlive(mine)) {
      procs = Optional.of(spawned);
    }
    return isAlive(mine);
  }

  private synchronized void join(int mine, OwnedMesh<T> spawned, ReplicaSlot joining) {
    if (mine == generation && state == ReplicaState.STARTING) {
      slot = Optional.of(joining);
      actors = Optional.of(spawned);
      enter(ReplicaState.HEALTHY);
      set.joined(this, joining);
    }
  }

  /// Whether a generation is neither lost nor stopped.
  synchronized boolean isAlive(int mine) {
    return mine == generation
        && switch (state) {
          case STARTING, HEALTHY, DRAINING -> true;
          case LOST, STOPPED -> false;
        };
  }

  /// Checks after a while whether it is alive, and repeats.
  private void watch(int mine, OwnedMesh<T> actors) {
    set.system()
        .clock()
        .after(
            set.checkEvery(),
            () -> {
              if (isAlive(mine)) {
                set.system().execute(name() + " health", () -> probe(mine, actors));
              }
            });
  }

  private void probe(int mine, OwnedMesh<T> actors) {
    try {
      actors.probe(set.options().health().limit());
      watch(mine, actors);
    } catch (CallFailure e) {
      lost(mine, "it does not say that it lives: " + e.getMessage());
    }
  }

  /// Handles a report that a generation is lost.
  void lost(int mine, String why) {
    Optional<ReplicaSlot> left;
    boolean comesBack;
    synchronized (this) {
      if (!isAlive(mine)) {
        return;
      }
      comesBack = state != ReplicaState.DRAINING;
      enter(comesBack ? ReplicaState.LOST : ReplicaState.STOPPED);
      reason = why;
      left = slot;
      slot = Optional.empty();
    }
    set.left(this, mine, left, new ReplicaFailure(index, Instant.now(), why));
    set.system().execute(name() + " end", () -> recover(comesBack));
  }

  /// Ends the rest of a generation, ignoring its failures, and begins the next one after a while.
  private void recover(boolean comesBack) {
    end();
    if (!comesBack) {
      return;
    }
    Optional<Duration> delay = restarts.next();
    if (delay.isEmpty()) {
      giveUp();
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "replica {0} is lost: {1}; it restarts in {2} s",
        name(),
        status().reason(),
        delay.get().toMillis() / 1e3);
    set.restarts().increment();
    set.system().clock().after(delay.get(), this::start);
  }

  private void giveUp() {
    synchronized (this) {
      givenUp = true;
    }
    set.gaveUp(this);
  }

  /// Whether it is being started, or will be again.
  synchronized boolean isComing() {
    return switch (state) {
      case STARTING -> true;
      case LOST -> !givenUp;
      case HEALTHY, DRAINING, STOPPED -> false;
    };
  }

  /// Whether it is lost for good.
  synchronized boolean isGivenUp() {
    return givenUp;
  }

  /// Whether this is the first time that it has become healthy or was lost.
  synchronized boolean settle() {
    boolean first = !settled;
    settled = true;
    return first;
  }

  private void end() {
    leaveProcs()
        .ifPresent(mesh -> {
          try {
            mesh.kill(EXIT).forEach(this::explain);
          } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.WARNING, "cannot end the processes of " + name(), e);
          }
          close(mesh);
        });
  }

  /// Returns its processes and gives them up.
  private synchronized Optional<ProcMesh> leaveProcs() {
    Optional<ProcMesh> left = procs;
    procs = Optional.empty();
    actors = Optional.empty();
    return left;
  }

  /// The operating system knows better why it ended.
  private void explain(Exit exit) {
    ReplicaFailure failure;
    synchronized (this) {
      reason = exit.describe();
      failure = new ReplicaFailure(index, since, reason);
    }
    set.explained(failure);
  }

  private void close(ProcMesh mesh) {
    try {
      set.hosting().close(mesh);
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.WARNING, "failed to close " + name(), e);
    }
  }

  /// Takes no more calls except those of its sessions, drains, and ends. Waits for that.
  void remove(Duration draining) {
    Optional<ReplicaSlot> left;
    synchronized (this) {
      if (state == ReplicaState.HEALTHY || state == ReplicaState.STARTING) {
        enter(ReplicaState.DRAINING);
      }
      left = slot;
    }
    left.ifPresent(l -> set.drain(l, draining));
    stop();
  }

  /// Ends at once, in good order.
  boolean stop() {
    Optional<ProcMesh> ending;
    Optional<ReplicaSlot> left;
    synchronized (this) {
      enter(ReplicaState.STOPPED);
      ending = leaveProcs();
      left = slot;
      slot = Optional.empty();
    }
    set.stopped(this, left);
    ending.ifPresent(this::close);
    return true;
  }

  /// The failure that its owner is told when it does not come back.
  Failure failure() {
    return new Failure(
        new Supervisor.Place(name(), Point.single(), name(), set.system().self().host()),
        "it was lost and its restarts are used up: " + status().reason(),
        List.of());
  }

  private void enter(ReplicaState next) {
    state = next;
    since = Instant.now();
  }
}
