package dev.burnish.mesh;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.HandleProvider;
import dev.burnish.link.CallSession;
import dev.burnish.mesh.host.ProcessRef;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Handle;
import dev.burnish.wire.HandleKind;
import dev.burnish.wire.Session;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Meshes as arguments and results: an owner travels as the handle that the endpoint declares. A
/// receiver can call its actors, directly; it stays with its owner.
public final class MeshKind implements HandleKind {
  /// Makes it known to every process.
  public static final class Provider implements HandleProvider {
    @Override
    public HandleKind of(Supplier<ActorSystem> here) {
      return new MeshKind(here);
    }
  }

  /// The form in which a mesh of actors travels.
  ///
  /// @param members where each is; the receiver of the mesh asks the owner for those that have no
  ///   process now
  /// @param owner the number of the mesh in its owner's process
  public record ActorsForm(
      String name, Shape shape, List<Optional<ActorRef>> members, ActorRef owner) {}

  /// The form in which a mesh of processes travels.
  ///
  /// @param owner the number of the mesh in its owner's process, which is asked for a replacement
  ///   of a lost process
  record ProcsForm(String name, Shape shape, List<ProcessRef> members, ActorRef owner) {}

  record HostsForm(Shape shape, List<ActorRef> agents) {}

  private final Supplier<ActorSystem> here;

  MeshKind(Supplier<ActorSystem> here) {
    this.here = here;
  }

  @Override
  public Optional<Handle<?, ?>> bind(Type declared, Codecs codecs) {
    if (declared == ProcMeshRef.class) {
      return Optional.of(new Procs(here));
    }
    if (declared == HostMesh.class) {
      return Optional.of(new Hosts(here));
    }
    Type raw = declared instanceof ParameterizedType generic ? generic.getRawType() : declared;
    if (raw == OwnedMesh.class || raw == ProcMesh.class) {
      throw new IllegalArgumentException(
          "the owner of a mesh stays where it is: type=%s; declare %s, which an owner can be passed as"
              .formatted(
                  declared.getTypeName(),
                  raw == ProcMesh.class ? "ProcMeshRef" : "ActorMesh<Counter>"));
    }
    return raw == ActorMesh.class
        ? Optional.of(new Actors(here, interfaceOf(declared)))
        : Optional.empty();
  }

  private static Class<?> interfaceOf(Type declared) {
    if (declared instanceof ParameterizedType generic
        && generic.getActualTypeArguments()[0] instanceof Class<?> type
        && type.isInterface()) {
      return type;
    }
    throw new IllegalArgumentException(
        "a mesh must be declared with the interface of its actors to travel: type=%s; declare ActorMesh<Counter>"
            .formatted(declared.getTypeName()));
  }

  private record Actors(Supplier<ActorSystem> here, Class<?> type)
      implements Handle<ActorMesh<?>, ActorsForm> {
    @Override
    public Class<ActorsForm> form() {
      return ActorsForm.class;
    }

    @Override
    public ActorsForm export(ActorMesh<?> value, Session session) {
      return value.form();
    }

    @Override
    public ActorMesh<?> restore(ActorsForm form, Session session) {
      return ActorMesh.reference(here.get(), type, form);
    }
  }

  private record Procs(Supplier<ActorSystem> here) implements Handle<ProcMeshRef, ProcsForm> {
    @Override
    public Class<ProcsForm> form() {
      return ProcsForm.class;
    }

    @Override
    public ProcsForm export(ProcMeshRef value, Session session) {
      return value.form(CallSession.of(session).waiting());
    }

    @Override
    public ProcMeshRef restore(ProcsForm form, Session session) {
      return ProcMeshRef.reference(here.get(), form);
    }
  }

  private record Hosts(Supplier<ActorSystem> here) implements Handle<HostMesh, HostsForm> {
    @Override
    public Class<HostsForm> form() {
      return HostsForm.class;
    }

    @Override
    public HostsForm export(HostMesh value, Session session) {
      return value.form();
    }

    @Override
    public HostMesh restore(HostsForm form, Session session) {
      return new HostMesh(here.get(), form.shape(), form.agents());
    }
  }
}
