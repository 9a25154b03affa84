package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.config.Config;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.link.failure.ReplicaLost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Hosts in pods of a cluster. The server of its API answers in recorded forms, and runs the
/// command of each pod.
class KubernetesHostsTest {
  private static final String FAILED =
      """
      {"phase":"Failed","containerStatuses":[{"name":"host","ready":false,"restartCount":0,
       "state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}\
      """;
  private static final String NO_IMAGE =
      """
      {"phase":"Pending","containerStatuses":[{"name":"host","ready":false,"restartCount":0,
       "state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \\"reg/burnish:1\\""}}}]}\
      """;

  @TempDir private Path folder = Path.of("");

  private Optional<FakeKubernetes> opened = Optional.empty();

  @BeforeEach
  void open() throws IOException {
    opened = Optional.of(new FakeKubernetes(folder));
    Files.writeString(folder.resolve("token"), "shown-to-the-api\n");
  }

  @AfterEach
  void close() {
    cluster().close();
  }

  private FakeKubernetes cluster() {
    return opened.orElseThrow();
  }

  private JobOptions options(String... more) {
    List<String> settings = new ArrayList<>();
    settings.add("launcher=KUBERNETES");
    settings.add("count=2");
    settings.add("address=127.0.0.1");
    settings.add("command=" + String.join(" ", Programs.command(HostProgram.class)));
    settings.add("kubernetes.server=" + cluster().address());
    settings.add("kubernetes.namespace=team");
    settings.add("kubernetes.image=reg/burnish:1");
    settings.add("kubernetes.token=" + folder.resolve("token"));
    settings.add("kubernetes.authority=" + folder.resolve("none"));
    settings.addAll(List.of(more));
    return JobOptions.named("far")
        .with(Config.of(HostSettings.defaults()).withSettings(settings).resolve());
  }

  private static String event(String type, JsonNode object) {
    return "{\"type\":\"%s\",\"object\":%s}".formatted(type, object);
  }

  @Test
  void aPodForEachHostJoinsWithTheTicketOfASecret() throws Exception {
    String job;
    try (Job started =
        Job.start(options("kubernetes.gpus=4", "kubernetes.nodeSelector={zone: a}"))) {
      OwnedMesh<HostsTest.Sums> hosts =
          started
              .hosts()
              .spawnProcs(Map.of("gpus", 1))
              .spawn("sums", HostsTest.Sums.class, HostsTest.SumsActor::new);
      List<String> names =
          cluster().created.stream()
              .filter(object -> object.path("kind").asString().equals("Pod"))
              .map(pod -> pod.at("/metadata/name").asString())
              .toList();
      assertThat(hosts.gather(HostsTest.Sums::host)).containsExactlyInAnyOrderElementsOf(names);
      job = cluster().created.getFirst().at("/metadata/labels/burnish-job").asString();
      assertThat(job).startsWith("far-");
      String secret = started.ticket().text().split("#", -1)[2];
      assertThat(cluster().created.getFirst().at("/stringData/ticket").asString()).contains(secret);
      assertThat(cluster().created.subList(1, 3))
          .allSatisfy(pod -> {
            assertThat(pod.toString()).doesNotContain(secret);
            assertThat(pod.at("/spec/restartPolicy").asString()).isEqualTo("Never");
            assertThat(pod.at("/spec/nodeSelector/zone").asString()).isEqualTo("a");
            assertThat(pod.at("/spec/volumes/0/secret/defaultMode").asInt()).isEqualTo(0400);
            assertThat(pod.at("/spec/containers/0/image").asString()).isEqualTo("reg/burnish:1");
            assertThat(
                    pod.at("/spec/containers/0/resources/limits").path("nvidia.com/gpu").asString())
                .isEqualTo("4");
          });
    }
    assertThat(cluster().requests)
        .allMatch(request -> request.endsWith(" Bearer shown-to-the-api"))
        .anyMatch(r ->
            r.startsWith("DELETE /api/v1/namespaces/team/pods labelSelector=burnish-job=" + job))
        .anyMatch(r ->
            r.startsWith(
                "DELETE /api/v1/namespaces/team/secrets labelSelector=burnish-job=" + job));
  }

  private void assertLost(String... parts) {
    try (Job job = Job.start(options())) {
      assertThatThrownBy(job::hosts)
          .isInstanceOf(ReplicaLost.class)
          .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }
  }

  @Test
  void aPodThatFailsIsNamedWithItsStatus() {
    cluster().runsPods = false;
    cluster()
        .events
        .add(event("ADDED", FakeKubernetes.pod("burnish-far-1", "{\"phase\":\"Pending\"}")));
    cluster().events.add(event("MODIFIED", FakeKubernetes.pod("burnish-far-1", FAILED)));
    assertLost("host burnish-far-1: its pod has failed", "reason=OOMKilled, exitCode=137");
  }

  @Test
  void anImageThatIsNotThereIsAnErrorAtOnce() {
    cluster().runsPods = false;
    cluster().events.add(event("MODIFIED", FakeKubernetes.pod("burnish-far-0", NO_IMAGE)));
    assertLost("its pod cannot start: reason=ImagePullBackOff", "reg/burnish:1");
  }

  @Test
  void aPodThatIsDeletedIsSeen() {
    cluster().runsPods = false;
    cluster()
        .events
        .add(event("DELETED", FakeKubernetes.pod("burnish-far-0", "{\"phase\":\"Running\"}")));
    assertLost("its pod was deleted");
  }

  @Test
  void aWatchThatEndsOrIsTooOldBeginsAgainWithAList() {
    cluster().runsPods = false;
    cluster()
        .events
        .add(
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"too old resource version: 1234 (99999)\"}}");
    cluster().events.add(FakeKubernetes.END_OF_WATCH);
    cluster().events.add(FakeKubernetes.END_OF_WATCH);
    cluster().pods.add(FakeKubernetes.pod("burnish-far-0", "{\"phase\":\"Running\"}"));
    try (Job job = Job.start(options())) {
      while (cluster().requests.stream().filter(r -> r.contains("watch=1")).count() < 2) {
        Thread.onSpinWait();
      }
      cluster().pods.set(0, FakeKubernetes.pod("burnish-far-0", FAILED));
      assertThatThrownBy(job::hosts).hasMessageContaining("its pod has failed");
    }
  }

  @Test
  void whatTheApiRefusesIsAnErrorWithWhatItSays() {
    cluster().refusal =
        Optional.of(
            """
            {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,
             "message":"secrets is forbidden: User \\"system:serviceaccount:team:default\\" cannot create resource \\"secrets\\""}\
            """);
    assertThatThrownBy(() -> Job.start(options()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("secrets is forbidden")
        .hasMessageContaining("see hosts.kubernetes");
    assertThatThrownBy(() -> Job.start(options("kubernetes.server=http://127.0.0.1:1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kubectl proxy");
    assertThatThrownBy(() -> options("kubernetes.image="))
        .hasMessageContaining("hosts.kubernetes.image");
  }
}
