package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.HandleProvider;
import dev.burnish.actor.Stub;
import dev.burnish.actor.Tracing;
import dev.burnish.link.Clock;
import dev.burnish.link.RegionKind;
import dev.burnish.link.StreamKind;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.trace.SpanTracing;
import dev.burnish.trace.TraceSettings;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.HandleKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/// Opens the actor systems of a job: with agents, and with meshes among the types that travel.
public final class ActorSystems {
  private ActorSystems() {}

  /// Opens the actor system of a process.
  ///
  /// @param own the classes of this process; missing ones come from the controller
  /// @param tracing of the job
  public static ActorSystem open(
      Network network,
      byte[] token,
      ActorSystemSettings settings,
      ClassLoader own,
      Optional<ProcessAddress> controller,
      TraceSettings tracing) {
    AtomicReference<Optional<ActorSystem>> self = new AtomicReference<>(Optional.empty());
    ClassLoader loader =
        controller.isEmpty()
            ? own
            : new ShippedClasses(
                own, name -> fetch(self.get().orElseThrow(), controller.get(), name));
    ActorSystem system =
        new ActorSystem(
            new ActorSystem.Parts(
                network,
                token,
                Clock.system(),
                ActorSystem.Threads.virtual(),
                loader,
                new Codecs(kinds(loader, () -> self.get().orElseThrow()), settings.link().limits()),
                tracing(tracing, network.self())),
            settings);
    self.set(Optional.of(system));
    system.serve(ProcessAgent.NUMBER, "process", ProcessAgent.class, new Self(system, own));
    return system;
  }

  /// A process that calls others and serves nothing: no actors, no agents, no classes, no handles.
  static ActorSystem visitor(Network network, byte[] token) {
    ActorSystemSettings settings = ActorSystemSettings.defaults();
    return ActorSystem.visitor(
        new ActorSystem.Parts(
            network,
            token,
            Clock.system(),
            ActorSystem.Threads.virtual(),
            ActorSystems.class.getClassLoader(),
            new Codecs(List.of(), settings.link().limits()),
            Optional.empty()),
        settings);
  }

  /// Where nothing is traced, no tracing class is loaded.
  private static Optional<Tracing> tracing(TraceSettings settings, ProcessAddress self) {
    return settings.exporter() == TraceSettings.Exporter.NONE
        ? Optional.empty()
        : SpanTracing.of(settings, self.process(), self.host());
  }

  /// Ours, and those of packages above, which are found by `ServiceLoader`.
  private static List<HandleKind> kinds(ClassLoader loader, Supplier<ActorSystem> here) {
    List<HandleKind> kinds = new ArrayList<>();
    kinds.add(new StreamKind(loader));
    kinds.add(new RegionKind());
    ServiceLoader.load(HandleProvider.class, ActorSystems.class.getClassLoader())
        .forEach(provider -> kinds.add(provider.of(here)));
    return kinds;
  }

  private static byte[] fetch(ActorSystem system, ProcessAddress controller, String name) {
    return system
        .stub(
            ProcessAgent.class,
            Stub.Target.of("controller", new ActorRef(controller, ProcessAgent.NUMBER)),
            system.settings().timeout())
        .classBytes(name);
  }

  private record Self(ActorSystem system, ClassLoader own) implements ProcessAgent {
    @Override
    public List<ActorSystem.ActorStatus> actors() {
      return system.actors();
    }

    @Override
    public byte[] classBytes(String name) {
      return ShippedClasses.bytes(own, name);
    }
  }
}
