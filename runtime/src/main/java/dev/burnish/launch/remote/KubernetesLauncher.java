package dev.burnish.launch.remote;

import dev.burnish.launch.remote.LaunchRequest.AgentEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs an agent in one pod per host. The ticket is in a secret that is mounted as a file in the
/// pods.
final class KubernetesLauncher implements Launcher {
  private static final System.Logger LOG = System.getLogger(KubernetesLauncher.class.getName());
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final HostSettings settings;

  KubernetesLauncher(HostSettings settings) {
    this.settings = settings;
  }

  @Override
  public Launched launch(LaunchRequest request) {
    PodObjects objects = new PodObjects(settings, request.job());
    KubernetesApi api = new KubernetesApi(settings.kubernetes());
    try {
      api.create("secrets", objects.secret(request.ticket()));
      for (int i = 0; i < settings.count(); i++) {
        api.create("pods", objects.pod(i));
      }
    } catch (RuntimeException e) {
      remove(api, objects);
      throw e;
    }
    Watch watch = new Watch(api, objects.selector(), request.onEnd());
    Thread thread = Thread.ofVirtual().name("pods of " + request.job()).start(watch::run);
    return () -> {
      watch.ended = true;
      thread.interrupt();
      remove(api, objects);
    };
  }

  private static void remove(KubernetesApi api, PodObjects objects) {
    try {
      api.delete("pods", objects.selector());
      api.delete("secrets", objects.selector());
    } catch (IllegalArgumentException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "pods and secrets of {0} may be left: {1}",
          objects.selector(),
          e.getMessage());
    } finally {
      api.close();
    }
  }

  /// Follows the pods: lists them, then reads their changes until the server ends that, and
  /// repeats.
  private static final class Watch {
    private final KubernetesApi api;
    private final String selector;
    private final Consumer<AgentEnd> onEnd;
    private final Set<String> told = new HashSet<>();
    private volatile boolean ended;

    Watch(KubernetesApi api, String selector, Consumer<AgentEnd> onEnd) {
      this.api = api;
      this.selector = selector;
      this.onEnd = onEnd;
    }

    void run() {
      while (!ended) {
        try {
          JsonNode list = api.list("pods", selector);
          list.path("items").forEach(this::look);
          follow(list.path("metadata").path("resourceVersion").asString(""));
          Thread.sleep(PAUSE);
        } catch (IOException | IllegalArgumentException e) {
          LOG.log(System.Logger.Level.DEBUG, "the watch of pods begins again: {0}", e.getMessage());
          pause();
        } catch (InterruptedException | CancellationException e) {
          ended = true;
        }
      }
    }

    private void pause() {
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        ended = true;
      }
    }

    private void follow(String version) throws IOException {
      try (Stream<String> lines = api.watch("pods", selector, version)) {
        lines
            .map(JsonMapper.shared()::readTree)
            .takeWhile(event -> !isError(event))
            .forEach(this::change);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    /// Such as `410 Gone`: the changes since that version are no longer known.
    private static boolean isError(JsonNode event) {
      return event.path("type").asString("").equals("ERROR");
    }

    private void change(JsonNode event) {
      JsonNode pod = event.path("object");
      if (event.path("type").asString("").equals("DELETED")) {
        tell(pod, "its pod was deleted");
      } else if (!event.path("type").asString("").equals("BOOKMARK")) {
        look(pod);
      }
    }

    private void look(JsonNode pod) {
      PodObjects.end(pod).ifPresent(reason -> tell(pod, reason));
    }

    private void tell(JsonNode pod, String reason) {
      String name = pod.path("metadata").path("name").asString("");
      if (!ended && told.add(name)) {
        onEnd.accept(new AgentEnd(name, reason));
      }
    }
  }
}
