package dev.burnish.service;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Node;
import dev.burnish.actor.Stub;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.Roster.Entry;
import dev.burnish.service.Roster.Members;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.Lane;
import dev.burnish.service.routing.Loss;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Keeps the replicas of a service known in a process that its handle went to, so that calls go
/// there directly. It asks the owner for the roster, which answers when that changes; a replica
/// that is seen to be lost from here gets no more calls at once, whatever the owner says.
final class Follower<T> {
  private static final Duration ASKING = Duration.ofSeconds(60);
  private static final Duration AGAIN = Duration.ofMillis(300);
  private static final long NEVER = Long.MIN_VALUE;

  /// Questions that may fail in a row: the owner is lost after three seconds.
  private static final int PATIENCE = 10;

  private final Node node;
  private final Class<T> type;
  private final ServiceKind.ServiceForm form;
  private final Dispatcher<Target<T>> dispatcher;
  private final Roster roster;
  private final Runnable atEnd;
  private final Map<Integer, Lane<Target<T>>> lanes = new HashMap<>();
  private volatile long version = NEVER;

  /// @param atEnd run when the service has ended
  Follower(
      Node node,
      Class<T> type,
      ServiceKind.ServiceForm form,
      Dispatcher<Target<T>> dispatcher,
      Runnable atEnd) {
    this.node = node;
    this.type = type;
    this.form = form;
    this.dispatcher = dispatcher;
    this.atEnd = atEnd;
    ActorRef owner = form.directory();
    this.roster =
        node.stub(Roster.class, Stub.Target.of("roster of service " + form.name(), owner), ASKING);
  }

  void start() {
    node.execute("service " + form.name(), () -> follow(0));
  }

  /// Until the service has ended, or its owner has not answered for a while.
  private void follow(int numFailures) {
    int inARow = numFailures;
    try {
      Members members = roster.after(version);
      while (members.ended().isEmpty()) {
        inARow = 0;
        apply(members);
        version = members.version();
        members = roster.after(version);
      }
      end(members.ended());
    } catch (CallFailure e) {
      if (inARow < PATIENCE) {
        int next = inARow + 1;
        later(() -> follow(next));
      } else {
        end("its owner is gone: " + e.getMessage());
      }
    }
  }

  private void end(String why) {
    dispatcher.close(why, Duration.ZERO);
    atEnd.run();
  }

  private void later(Runnable work) {
    node.later(AGAIN, "service " + form.name(), work);
  }

  /// The replicas that a change of state goes to.
  List<Lane<Target<T>>> forChange() {
    apply(roster.forChange());
    return dispatcher.healthy();
  }

  private synchronized void apply(Members members) {
    for (Entry entry : members.healthy()) {
      Lane<Target<T>> known = lanes.get(entry.replica());
      if (known != null && known.target().generation() > entry.generation()) {
        continue;
      }
      if (known == null || known.isGone() || known.target().generation() < entry.generation()) {
        leave(known, "it was replaced");
        join(entry);
      }
    }
    for (Lane<Target<T>> lane : List.copyOf(lanes.values())) {
      if (members.healthy().stream().noneMatch(entry -> entry.replica() == lane.replica())) {
        lanes.remove(lane.replica());
        leave(lane, "it has left the service");
      }
    }
    members.lost().forEach(lost -> dispatcher.losses().note(lost.loss()));
  }

  private void join(Entry entry) {
    ActorMesh<T> actors = ActorMesh.reference(node, type, entry.actors());
    Lane<Target<T>> lane =
        new Lane<>(entry.replica(), Target.of(entry.generation(), actors, form.timeout()));
    lanes.put(entry.replica(), lane);
    dispatcher.join(lane);
    actors.onLost(cause -> lost(lane, cause));
  }

  private void leave(@org.jspecify.annotations.Nullable Lane<Target<T>> lane, String reason) {
    Optional.ofNullable(lane)
        .ifPresent(l -> dispatcher.lose(l, new Loss(l.replica(), Instant.now(), reason)));
  }

  /// The way from here to a replica is lost. If its owner still has it after a while, it was only
  /// the way.
  void lost(Lane<Target<T>> lane, ReplicaLost cause) {
    Loss loss = new Loss(lane.replica(), Instant.now(), String.valueOf(cause.getMessage()));
    if (dispatcher.lose(lane, loss)) {
      later(this::again);
    }
  }

  private void again() {
    try {
      apply(roster.after(NEVER));
    } catch (CallFailure e) {
      System.getLogger(Follower.class.getName())
          .log(System.Logger.Level.DEBUG, "the owner of a service does not answer", e);
    }
  }
}
