package dev.burnish.service;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Stub;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.directory.Lease;
import dev.burnish.service.directory.ReplicaDirectory;
import dev.burnish.service.directory.ReplicaDirectory.Entry;
import dev.burnish.service.directory.ReplicaDirectory.Members;
import dev.burnish.service.directory.ReplicaDirectory.Phase;
import dev.burnish.service.directory.ReplicaDirectory.Report;
import dev.burnish.service.directory.ReplicaDirectory.WatcherId;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.Load;
import dev.burnish.service.routing.ReplicaFailure;
import dev.burnish.service.routing.ReplicaSlot;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/// Keeps the replicas of a service known in a process that received its handle, so that calls go
/// there directly. It asks the owner for the directory, again and again, and reports the version
/// that it uses and the calls that are under way; the owner answers when the directory changes. The
/// answer holds for a time: see [Lease]. A replica that is seen to be lost from here gets no more
/// calls at once, whatever the owner says.
final class DirectoryWatcher implements Membership {
  private static final System.Logger LOG = System.getLogger(DirectoryWatcher.class.getName());
  private static final Duration ASKING = Duration.ofSeconds(60);
  private static final Duration AGAIN = Duration.ofMillis(300);
  private static final long NONE = -1;

  /// Requests that may fail in a row: the owner is lost after three seconds.
  private static final int PATIENCE = 10;

  private final ActorSystem system;
  private final WatcherId self;
  private final Class<?> type;
  private final ServiceKind.ServiceForm form;
  private final Dispatcher dispatcher;
  private final ReplicaDirectory directory;
  private final Lease lease;
  private final Runnable atEnd;
  private final Map<Integer, ReplicaSlot> slots = new HashMap<>();
  private long version = NONE;

  /// @param atEnd run when the service has ended
  DirectoryWatcher(
      ActorSystem system,
      Class<?> type,
      ServiceKind.ServiceForm form,
      Dispatcher dispatcher,
      Runnable atEnd) {
    this.system = system;
    this.self = new WatcherId(system.self().process(), UUID.randomUUID().toString());
    this.type = type;
    this.form = form;
    this.dispatcher = dispatcher;
    this.lease = new Lease(form.name(), system.clock());
    this.atEnd = atEnd;
    ActorRef owner = form.directory();
    this.directory =
        system.stub(
            ReplicaDirectory.class,
            Stub.Target.of("directory of service " + form.name(), owner),
            ASKING);
  }

  void start() {
    system.execute("service " + form.name(), () -> follow(0));
  }

  /// Polls until the service has ended, or its owner has not answered for a while.
  private void follow(int numFailures) {
    int inARow = numFailures;
    try {
      Phase phase = ask(directory::after);
      while (!(phase instanceof Phase.Ended)) {
        inARow = 0;
        phase = ask(directory::after);
      }
      end(((Phase.Ended) phase).why());
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.DEBUG, "the owner of a service does not answer", e);
      if (inARow < PATIENCE) {
        int next = inARow + 1;
        later(() -> follow(next));
      } else {
        end("its owner is gone: " + e.getMessage());
      }
    }
  }

  private Phase ask(Function<Report, Members> question) {
    long asked = system.clock().nanos();
    Members members = question.apply(report());
    apply(members);
    lease.extend(asked);
    return members.phase();
  }

  private synchronized Report report() {
    Load load = dispatcher.load();
    List<Integer> holding =
        slots.values().stream()
            .filter(slot -> !dispatcher.isDrained(slot))
            .map(ReplicaSlot::replica)
            .toList();
    return new Report(self, version, load.numQueued(), load.numInFlight(), holding);
  }

  private void end(String why) {
    dispatcher.close(why, Duration.ZERO);
    lease.end();
    atEnd.run();
  }

  private void later(Runnable work) {
    system.later(AGAIN, "service " + form.name(), work);
  }

  @Override
  public List<ReplicaSlot> forChange() {
    ask(directory::forChange);
    return dispatcher.healthy();
  }

  /// Answers may overtake each other: an answer older than the known one is ignored.
  private synchronized void apply(Members members) {
    if (members.version() < version) {
      return;
    }
    version = members.version();
    members.entries().forEach(this::apply);
    for (ReplicaSlot slot : List.copyOf(slots.values())) {
      if (members.entries().stream().noneMatch(entry -> entry.replica() == slot.replica())) {
        slots.remove(slot.replica());
        leave(slot, "it has left the service");
      }
    }
    members.lost().forEach(lost -> dispatcher.failures().note(lost.failure()));
    if (members.phase() instanceof Phase.Closing(String why)) {
      dispatcher.refuse(why);
    }
  }

  private void apply(Entry entry) {
    known(entry)
        .filter(slot -> slot.isGone() || slot.target().generation() < entry.generation())
        .ifPresent(slot -> {
          leave(slot, "it was replaced");
          slots.remove(slot.replica());
        });
    switch (entry.standing()) {
      case SERVING -> {
        if (known(entry).isEmpty()) {
          join(entry);
        }
      }
      case DRAINING -> known(entry).ifPresent(dispatcher::startDraining);
    }
  }

  private Optional<ReplicaSlot> known(Entry entry) {
    return Optional.ofNullable(slots.get(entry.replica()));
  }

  private void join(Entry entry) {
    ActorMesh<?> actors = ActorMesh.reference(system, type, entry.actors());
    ReplicaSlot slot =
        new ReplicaSlot(
            entry.replica(), ReplicaActors.of(entry.generation(), actors, form.timeout()));
    slots.put(entry.replica(), slot);
    dispatcher.join(slot);
    system.execute("way to " + actors.name(), () -> actors.onLost(cause -> lost(slot, cause)));
  }

  private void leave(ReplicaSlot slot, String reason) {
    dispatcher.lose(slot, new ReplicaFailure(slot.replica(), Instant.now(), reason));
  }

  @Override
  public void await(Object call, long deadline) {
    lease.await(call, deadline);
  }

  /// The owner has waited for that.
  @Override
  public void awaitSettled(Duration limit) {}

  @Override
  public ServiceKind.ServiceForm form() {
    return form;
  }

  @Override
  public List<ReplicaStatus> statuses() {
    return List.of();
  }

  @Override
  public History history() {
    return History.NONE;
  }

  /// Called when the connection from here to a replica is lost. If its owner still has it after a
  /// while, only the connection was lost.
  @Override
  public void lost(ReplicaSlot slot, ReplicaLost cause) {
    ReplicaFailure failure =
        new ReplicaFailure(slot.replica(), Instant.now(), String.valueOf(cause.getMessage()));
    if (dispatcher.lose(slot, failure)) {
      later(this::again);
    }
  }

  private void again() {
    try {
      ask(directory::now);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.DEBUG, "the owner of a service does not answer", e);
    }
  }
}
