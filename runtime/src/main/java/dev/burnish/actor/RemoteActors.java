package dev.burnish.actor;

import dev.burnish.link.CallChain;
import dev.burnish.link.CallSession;
import dev.burnish.link.Link;
import dev.burnish.link.OpenCall;
import dev.burnish.wire.Codec;
import java.time.Duration;
import java.util.List;

/// The actors of other processes: spawns, stops, finds and pings them, through their processes.
/// Thread-safe.
public final class RemoteActors {
  private final ActorSystem system;
  private final Codec commands;
  private final Codec places;

  RemoteActors(ActorSystem system) {
    this.system = system;
    this.commands = system.codecs().of(Command.class);
    this.places = system.codecs().of(ActorRef.class);
  }

  /// How to construct actors that differ only in their position.
  public static final class Blueprint {
    private final String type;
    private final String signature;
    private final Construction.Recipe recipe;

    Blueprint(String type, String signature, Construction.Recipe recipe) {
      this.type = type;
      this.signature = signature;
      this.recipe = recipe;
    }
  }

  /// Spawns an actor in a process. The call ends when the actor is constructed, or with the
  /// exception of its constructor; calls that are sent after this wait for it.
  ///
  /// @param mesh under which [ActorSystem#supervise] was called
  public OpenCall spawn(
      Link link, Blueprint blueprint, String name, Point point, long number, long mesh) {
    CallSession session = link.session();
    ActorSpec spec =
        new ActorSpec(
            number,
            name,
            point,
            blueprint.type,
            blueprint.signature,
            blueprint.recipe.encode(session),
            mesh);
    return command(link, session, "spawn of " + name, new Command.Spawn(spec));
  }

  /// Stops an actor; the call ends when it has stopped, or when its time is over.
  public OpenCall stop(Link link, long number, String reason) {
    return command(
        link,
        link.session(),
        "stop of actor " + number,
        new Command.Stop(number, reason),
        system.settings().stopped());
  }

  /// Asks the owner of a mesh where one of its actors is; waits while it is being restarted.
  ///
  /// @param owner the number of the mesh in the owner's process
  /// @throws dev.burnish.link.failure.ReplicaLost if the actor, the mesh or the owner is gone
  public ActorRef locate(ActorRef owner, int place) {
    Link link = system.switchboard().link(owner.process());
    CallSession session = link.session();
    byte[] result =
        command(link, session, "place of an actor", new Command.Locate(owner.number(), place))
            .await(system.loader());
    return (ActorRef) places.decode(result, link.resultSession()).getFirst();
  }

  /// Pings an actor through its process: it answers at once, also while the actor is busy. Fails if
  /// there is no such actor, or it has failed.
  public OpenCall ping(Link link, long number, Duration limit) {
    return command(link, link.session(), "ping", new Command.Ping(number), limit);
  }

  /// Returns a call that ends when an actor is constructed, or fails with the exception of its
  /// constructor.
  public OpenCall await(Link link, long number, Duration limit) {
    return command(
        link, link.session(), "construction of " + number, new Command.Await(number), limit);
  }

  /// Returns a call that ends when an actor has reached the calls that were sent to it before.
  OpenCall reached(Link link, long number, String what, Duration limit) {
    CallSession session = link.session();
    Link.Target process =
        new Link.Target(Command.PROCESS.actor(), Command.PROCESS.method(), CallChain.current());
    byte[] encoded = commands.encode(List.of(new Command.Await(number)), session);
    return link.call(what, process, encoded, limit, session);
  }

  private OpenCall command(Link link, CallSession session, String what, Command command) {
    return command(link, session, what, command, system.settings().timeout());
  }

  private OpenCall command(
      Link link, CallSession session, String what, Command command, Duration limit) {
    byte[] encoded = commands.encode(List.of(command), session);
    return link.call(what, Command.PROCESS, encoded, limit, session);
  }
}
