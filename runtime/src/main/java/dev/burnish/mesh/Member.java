package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Stub;
import dev.burnish.link.Deadline;
import dev.burnish.link.SendWindow;
import dev.burnish.link.failure.ReplicaLost;
import java.util.Optional;
import java.util.function.Consumer;

/// One actor of a mesh as stubs see it. Slices share their members.
///
/// @param made the same, once every process can call it
/// @param onLost told of a process in which a call did not find it
/// @param window keeps broadcasts of this process from getting ahead of it
record Member(
    Slot<ActorRef> slot,
    Slot<ActorRef> made,
    Consumer<ActorRef> onLost,
    Optional<SendWindow> window)
    implements Stub.Target {
  private Member(Slot<ActorRef> slot, Slot<ActorRef> made, Consumer<ActorRef> onLost) {
    this(slot, made, onLost, Optional.of(new SendWindow()));
  }

  /// A member of a mesh of this process, whose supervision detects a loss itself.
  static Member owned(Slot<ActorRef> slot, Slot<ActorRef> made) {
    return new Member(slot, made, from -> {});
  }

  /// A member of a mesh of another process: where the place of the actor is not known, or a call
  /// does not find it there, the owner is asked, and later calls wait for the answer.
  static Member reference(
      ActorSystem system, ActorRef owner, int place, String name, Optional<ActorRef> known) {
    Slot<ActorRef> slot = new Slot<>(name);
    Runnable find = () -> system.execute("find " + name, () -> find(system, owner, place, slot));
    known.ifPresentOrElse(slot::settle, find);
    return new Member(
        slot,
        slot,
        from -> {
          if (slot.expectIfAt(from)) {
            find.run();
          }
        });
  }

  private static void find(ActorSystem system, ActorRef owner, int place, Slot<ActorRef> slot) {
    try {
      slot.settle(system.remote().locate(owner, place));
    } catch (ReplicaLost e) {
      slot.lose(e);
    } catch (Throwable e) { // an error of the owner's process arrives as itself
      slot.lose(new ReplicaLost("its owner does not say where it is: " + e.getMessage(), e));
    }
  }

  @Override
  public ActorRef ref() {
    return slot.get();
  }

  @Override
  public ActorRef ref(Deadline deadline) {
    return slot.get(deadline);
  }

  @Override
  public String name() {
    return slot.name();
  }

  @Override
  public void lost(ActorRef from) {
    onLost.accept(from);
  }
}
