package dev.burnish.actor;

import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.link.CallSession;
import dev.burnish.link.Link;
import dev.burnish.link.ServedCall;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Codec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Takes the calls of others. Runs on threads that receive.
final class InboundCalls implements Link.Handler {
  private static final System.Logger LOG = System.getLogger(InboundCalls.class.getName());

  private final ActorSystem system;
  private final Cells cells;
  private final Map<Long, Supervisor.Keeper> owned;
  private final Codec commands;
  private final Codec places;

  /// @param owned the meshes of this process by their numbers
  InboundCalls(ActorSystem system, Cells cells, Map<Long, Supervisor.Keeper> owned) {
    this.system = system;
    this.cells = cells;
    this.owned = owned;
    this.commands = system.codecs().of(Command.class);
    this.places = system.codecs().of(ActorRef.class);
  }

  @Override
  public void call(ServedCall call) {
    if (call.actor() == 0) {
      serve(call);
      return;
    }
    Optional<ActorCell> cell = cell(call, call.actor());
    if (cell.isPresent()) {
      cell.get().call(call);
    }
  }

  /// The actor of a number; the call fails if there is none.
  private Optional<ActorCell> cell(ServedCall call, long number) {
    Optional<ActorCell> cell = cells.find(number);
    if (cell.isEmpty()) {
      call.fail(
          new ReplicaLost(
              cells
                  .whyEnded(number)
                  .orElseGet(() ->
                      "there is no such actor: number=%d process=%s"
                          .formatted(number, system.self()))));
    }
    return cell;
  }

  @Override
  public void cast(Link from, long number, int method, byte[] arguments) {
    if (number == 0) {
      command(from, arguments);
      return;
    }
    cells
        .find(number)
        .ifPresentOrElse(
            cell -> cell.cast(from, method, arguments),
            () ->
                LOG.log(
                    System.Logger.Level.WARNING,
                    "a broadcast to an actor that is gone: number={0}",
                    number));
  }

  private void command(Link from, byte[] arguments) {
    try {
      if (commands.decode(arguments, from.session()).getFirst()
          instanceof Command.Failed(long mesh, Failure failure)) {
        Optional.ofNullable(owned.get(mesh)).ifPresent(owner -> owner.failed(failure));
      }
    } catch (RuntimeException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "a malformed message is dropped: {0}",
          String.valueOf(e.getMessage()));
    }
  }

  private void serve(ServedCall call) {
    Command command;
    try {
      command = (Command) commands.decode(call.arguments(), call.session()).getFirst();
    } catch (RuntimeException e) {
      call.fail(e);
      return;
    }
    switch (command) {
      case Command.Spawn(ActorSpec spec) -> spawn(call, spec);
      case Command.Stop(long number, String reason) -> stop(call, number, reason);
      case Command.Locate(long mesh, int place) ->
          system.execute("locate " + mesh + "/" + place, () -> locate(call, mesh, place));
      case Command.Ping(long number) -> cell(call, number).ifPresent(cell -> cell.ping(call));
      case Command.Await(long number) ->
          cell(call, number).ifPresent(cell -> cell.whenConstructed(call));
      case Command.Failed(long mesh, _) ->
          call.fail(new IllegalArgumentException("a failure is not answered: mesh=" + mesh));
    }
  }

  private void locate(ServedCall call, long mesh, int place) {
    try {
      Supervisor.Keeper keeper = owned.get(mesh);
      if (keeper == null) {
        throw new ReplicaLost(
            "its mesh was closed: mesh=%d process=%s".formatted(mesh, system.self()));
      }
      call.reply(places.encode(List.of(keeper.locate(place)), call.link().resultSession()));
    } catch (Throwable e) {
      call.fail(e);
    }
  }

  /// At once, so that calls that follow on the link find the actor.
  private void spawn(ServedCall call, ActorSpec spec) {
    Link link = call.link();
    ActorCell cell =
        new ActorCell(
            system, spec, failure -> report(link, spec.mesh(), failure), system::executeForUser);
    if (!cells.add(spec.number(), cell)) {
      call.fail(
          new IllegalArgumentException(
              "an actor has a number of its own: number=" + spec.number()));
      return;
    }
    cell.construct(call);
    Consumer<ReplicaLost> orphan =
        cause ->
            system.execute(
                cell.title() + "/orphan",
                () -> cell.lifecycle().stop("its owner is gone: " + cause.getMessage()));
    link.onDown(orphan);
    cell.lifecycle().atEnd(() -> link.forget(orphan));
  }

  /// The owner is told in any case: in brief, where the full report cannot be sent.
  private void report(Link link, long mesh, Failure failure) {
    try {
      tell(link, mesh, failure);
    } catch (IllegalArgumentException e) {
      tell(
          link, mesh, new Failure(failure.place(), "it has failed; why cannot be sent", List.of()));
    }
  }

  private void tell(Link link, long mesh, Failure failure) {
    CallSession session = link.session();
    link.cast(
        "failure",
        Command.PROCESS,
        commands.encode(List.of(new Command.Failed(mesh, failure)), session));
  }

  private void stop(ServedCall call, long number, String reason) {
    cells
        .find(number)
        .ifPresentOrElse(
            cell -> system.execute(cell.title() + "/stop", () -> stop(call, cell, reason)),
            () -> call.reply(new byte[0]));
  }

  private static void stop(ServedCall call, ActorCell cell, String reason) {
    try {
      cell.lifecycle().stop(reason);
      call.reply(new byte[0]);
    } catch (Throwable e) {
      call.fail(e);
    }
  }

  /// The handler of a process that calls others, and serves nothing.
  record Refusing() implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      call.fail(new IllegalStateException("a visitor serves nothing: actor=" + call.actor()));
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {
      LOG.log(System.Logger.Level.DEBUG, "a broadcast to a visitor: actor={0}", actor);
    }
  }
}
