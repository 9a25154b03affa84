package dev.burnish.service.directory;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.ActorSystem.ActorStatus;
import dev.burnish.actor.Stub;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.MeshKind.ActorsForm;
import dev.burnish.mesh.host.ProcessAgent;
import java.time.Duration;
import java.util.Optional;

/// Whether the actors of a replica have calls, as their processes report: from any caller,
/// responsive or not.
///
/// @param system that asks
public record IdleProbe(ActorSystem system, ActorsForm actors) {
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final Duration AGAIN = Duration.ofMillis(20);

  /// Waits until they have none, for at most a given time. An interrupt, which stays set, ends it.
  public void await(Countdown countdown) {
    while (countdown.left().isPositive()
        && !Thread.currentThread().isInterrupted()
        && !isIdle(countdown)) {
      Waits.parkNanos(this, AGAIN.toNanos());
    }
  }

  private boolean isIdle(Countdown countdown) {
    for (int rank = 0; rank < actors.members().size(); rank++) {
      Optional<ActorRef> actor = actors.members().get(rank);
      if (actor.isPresent() && !isIdle(rank, actor.get(), countdown)) {
        return false;
      }
    }
    return true;
  }

  private boolean isIdle(int rank, ActorRef actor, Countdown countdown) {
    Duration limit = countdown.left().compareTo(ANSWER) < 0 ? countdown.left() : ANSWER;
    try {
      return limit.isPositive()
          && agent(actor, limit).actors().stream()
              .filter(status -> status.rank() == rank && status.name().equals(actors.name()))
              .allMatch(IdleProbe::isIdle);
    } catch (ReplicaLost e) {
      return true;
    } catch (CallFailure e) {
      return false;
    }
  }

  private static boolean isIdle(ActorStatus status) {
    return status.numQueued() == 0 && !status.state().equals("busy");
  }

  private ProcessAgent agent(ActorRef actor, Duration limit) {
    return system.stub(
        ProcessAgent.class,
        Stub.Target.of(
            "agent of " + actor.process(), new ActorRef(actor.process(), ProcessAgent.NUMBER)),
        limit);
  }
}
