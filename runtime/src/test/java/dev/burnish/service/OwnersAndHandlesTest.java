package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Factory;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.mesh.ActorOptions;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.ProcMeshRef;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Operations of the owner of a mesh or a service do not compile for a holder of the handle.
class OwnersAndHandlesTest {
  private static final String SERVICE = "OwnedService<Runnable>";
  private static final String HANDLE = "Service<Runnable>";

  @TempDir private Path folder = Path.of("");

  /// Compiler errors in a method that has an `x` of a type.
  private List<String> errors(String type, String statement) {
    String code =
        """
        import dev.burnish.mesh.*;
        import dev.burnish.service.*;
        import java.time.Duration;
        class Use {
          void use(%s x) throws Exception {
            %s
          }
        }
        """
            .formatted(type, statement);
    JavaFileObject source =
        new SimpleJavaFileObject(URI.create("string:///Use.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return code;
          }
        };
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-proc:none",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            folder.toString(),
            "-XDrawDiagnostics");
    Boolean ignored = compiler.getTask(null, null, found, options, null, List.of(source)).call();
    return found.getDiagnostics().stream()
        .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
        .map(Diagnostic::getCode)
        .toList();
  }

  private void checkOnlyTheOwnerHas(String owner, String handle, String statement) {
    assertThat(errors(owner, statement)).as(statement).isEmpty();
    assertThat(errors(handle, statement))
        .as(statement)
        .containsExactly("compiler.err.cant.resolve.location.args");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x.update(\"weights\", Runnable::run);",
        "x.onStart(Runnable::run);",
        "x.scaleTo(2);",
        "x.autoscale(dev.burnish.service.scaling.Scaling.between(1, 2));",
        "var all = x.replicas();",
        "var pids = x.pids(0);",
        "x.stop(Duration.ZERO);",
        "x.close();"
      })
  void whatOnlyTheOwnerOfAServiceMayDoDoesNotCompileForAHolder(String statement) {
    checkOnlyTheOwnerHas(SERVICE, HANDLE, statement);
  }

  @ParameterizedTest
  @CsvSource({
    "OwnedMesh<Runnable>, ActorMesh<Runnable>, x.close();",
    "ProcMesh, ProcMeshRef, x.close();",
    "ProcMesh, ProcMeshRef, var exits = x.kill(Duration.ZERO);"
  })
  void whatOnlyTheOwnerOfAMeshMayDoDoesNotCompileForAHolder(
      String owner, String handle, String statement) {
    checkOnlyTheOwnerHas(owner, handle, statement);
  }

  @ParameterizedTest
  @CsvSource({
    "OwnedMesh<Runnable>, 'x.slice(\"gpus\", 0, 1).close();'",
    "OwnedMesh<Runnable>, 'x.at(\"gpus\", 0).close();'",
    "OwnedMesh<Runnable>, x.within(Duration.ZERO).close();",
    "ProcMesh, 'x.slice(\"gpus\", 0, 1).close();'",
    "ProcMesh, 'x.at(\"gpus\", 0).kill(Duration.ZERO);'"
  })
  void aPartOfAMeshIsNotItsOwner(String owner, String statement) {
    assertThat(errors(owner, statement)).containsExactly("compiler.err.cant.resolve.location.args");
  }

  @ParameterizedTest
  @CsvSource({
    "OwnedService<Runnable>, x.route().run(); x.fanout(Runnable::run); x.session().close();",
    "Service<Runnable>, x.route().run(); x.fanout(Runnable::run); x.session().close();",
    "OwnedMesh<Runnable>, x.fanout(Runnable::run); x.choose().run(); x.broadcast(Runnable::run);",
    "ActorMesh<Runnable>, x.fanout(Runnable::run); x.choose().run(); x.broadcast(Runnable::run);"
  })
  void bothCall(String type, String statement) {
    assertThat(errors(type, statement)).isEmpty();
  }

  @Test
  void aMeshHasNoRoute() {
    assertThat(errors("OwnedMesh<Runnable>", "x.route().run();")).isNotEmpty();
  }

  /// The handles that an actor holds.
  interface Holder {
    List<String> types(ActorMesh<Holder> mesh, ProcMeshRef procs, Service<Tally> service);

    List<String> typesWithin(Held held);

    int value();
  }

  record Held(List<ActorMesh<Holder>> meshes, Service<Tally> service) {}

  static final class HolderActor implements Holder {
    private final Service<Tally> service;

    HolderActor(Service<Tally> service) {
      this.service = service;
    }

    @Override
    public List<String> types(ActorMesh<Holder> mesh, ProcMeshRef procs, Service<Tally> given) {
      return List.of(
          mesh.getClass().getSimpleName(),
          procs.getClass().getSimpleName(),
          given.getClass().getSimpleName());
    }

    @Override
    public List<String> typesWithin(Held held) {
      return List.of(
          held.meshes().getFirst().getClass().getSimpleName(),
          held.service().getClass().getSimpleName());
    }

    @Override
    public int value() {
      return service.route().value();
    }
  }

  private static Job job() {
    return Job.start(JobOptions.named("owners").with(Processes.THREADS));
  }

  @Test
  void anOwnerArrivesAsAHandle() {
    try (Job job = job();
        OwnedService<Tally> service =
            Service.start(job.hosts(), "tally", Tally.class, TallyActor::new, 7, replicas(1))) {
      ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", 1));
      OwnedMesh<Holder> holders = procs.spawn("holders", Holder.class, HolderActor::new, service);
      Holder holder = holders.only();
      assertThat(holder.value()).isEqualTo(7);
      assertThat(holder.types(holders, procs, service))
          .containsExactly("ActorMesh", "ProcMeshRef", "Service");
      assertThat(holder.typesWithin(new Held(List.of(holders), service)))
          .containsExactly("ActorMesh", "Service");
    }
  }

  interface TakesMesh {
    void take(OwnedMesh<Holder> mesh);
  }

  interface TakesProcs {
    void take(ProcMesh procs);
  }

  interface TakesService {
    void take(OwnedService<Tally> service);
  }

  interface GivesServices {
    List<OwnedService<Tally>> all();
  }

  interface TakesRaw {
    @SuppressWarnings("rawtypes") // this type is refused
    void take(Service service);
  }

  static final class Nothing
      implements TakesMesh, TakesProcs, TakesService, GivesServices, TakesRaw {
    @Override
    public void take(OwnedMesh<Holder> mesh) {}

    @Override
    public void take(ProcMesh procs) {}

    @Override
    public void take(OwnedService<Tally> service) {}

    @Override
    public List<OwnedService<Tally>> all() {
      return List.of();
    }

    @Override
    @SuppressWarnings("rawtypes") // this type is refused
    public void take(Service service) {}
  }

  @Test
  void anEndpointThatDeclaresAnOwnerIsRefusedWhenItsActorIsSpawned() {
    try (Job job = job()) {
      ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", 1));
      checkRefused(procs, TakesMesh.class, "take", "declare ActorMesh<Counter>");
      checkRefused(procs, TakesProcs.class, "take", "declare ProcMeshRef");
      checkRefused(procs, TakesService.class, "take", "declare Service<Counter>");
      checkRefused(procs, GivesServices.class, "all", "declare Service<Counter>");
      checkRefused(procs, TakesRaw.class, "take", "declare Service<Counter>");
    }
  }

  private static <T> void checkRefused(
      ProcMesh procs, Class<T> type, String method, String message) {
    Factory.Of0<Nothing> factory = Nothing::new;
    assertThatThrownBy(
            () -> procs.spawn("refused", type, factory, List.of(), ActorOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(method)
        .hasMessageContaining(message);
  }

  @Test
  void aServiceOfEndpointsThatDeclareAnOwnerIsRefused() {
    try (Job job = job()) {
      HostMesh hosts = job.hosts();
      assertThatThrownBy(
              () -> Service.start(hosts, "refused", TakesService.class, Nothing::new, replicas(1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("stays where it is");
    }
  }
}
