package dev.burnish.mesh;

import dev.burnish.actor.Context;
import dev.burnish.actor.Supervisor;
import java.util.Optional;
import java.util.function.Predicate;

/// The owner of spawned actors and processes: the actor whose code spawns them, else the program.
interface Owner extends Supervisor {
  /// Closes something when the owner ends, the last one first.
  void own(AutoCloseable owned);

  /// Ends [#own]: it was closed before.
  default void disown(AutoCloseable owned) {}

  /// The owner of anything that is spawned now.
  ///
  /// @param program the owner where no actor spawns, where it is known
  /// @throws IllegalStateException if there is none
  static Owner current(Optional<Owner> program) {
    return Context.find()
        .<Owner>map(context -> new ActorOwner(context, context.supervisor()))
        .or(() -> program)
        .orElseThrow(() ->
            new IllegalStateException(
                "a mesh that came as an argument is used in an actor's code, which then owns what it spawns: thread=%s"
                    .formatted(Thread.currentThread().getName())));
  }

  /// An actor as an owner.
  record ActorOwner(Context context, Supervisor supervisor) implements Owner {
    @Override
    public void own(AutoCloseable owned) {
      context.own(owned);
    }

    @Override
    public void disown(AutoCloseable owned) {
      context.disown(owned);
    }

    @Override
    public void failed(Failure failure) {
      supervisor.failed(failure);
    }
  }

  /// A keeper that closes what it spawns itself, and hears of failures before its owner.
  ///
  /// @param kept closes everything that is spawned
  record Keeper(Owner owner, AutoCloseable kept, Predicate<Failure> onFailure) implements Owner {
    @Override
    public void own(AutoCloseable owned) {
      // The keeper closes it.
    }

    @Override
    public void failed(Failure failure) {
      if (!onFailure.test(failure)) {
        owner.failed(failure);
      }
    }
  }
}
