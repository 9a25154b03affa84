package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Stub;

/// One actor of a mesh as stubs see it. Slices share their members.
record Member(Slot<ActorRef> slot) implements Stub.Target {
  @Override
  public ActorRef ref() {
    return slot.get();
  }

  @Override
  public String name() {
    return slot.name();
  }
}
