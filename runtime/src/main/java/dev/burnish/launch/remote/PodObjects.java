package dev.burnish.launch.remote;

import dev.burnish.launch.remote.HostSettings.Kubernetes;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The Kubernetes objects of a job: a secret with its ticket, one pod per host.
final class PodObjects {
  private static final String LABEL = "burnish-job";
  private static final String FOLDER = "/etc/burnish";

  /// Reasons of a container that waits for something that will not come.
  private static final Set<String> HOPELESS =
      Set.of(
          "CreateContainerConfigError",
          "CreateContainerError",
          "ErrImagePull",
          "ImagePullBackOff",
          "InvalidImageName");

  private final HostSettings settings;
  private final String job;

  /// @param job its id, in lower-case letters, digits and hyphens
  PodObjects(HostSettings settings, String job) {
    this.settings = settings;
    this.job = job;
  }

  /// The label selector that finds all of them.
  String selector() {
    return LABEL + "=" + job;
  }

  private ObjectNode object(String kind, String name) {
    ObjectNode object = JsonMapper.shared().createObjectNode();
    object.put("apiVersion", "v1").put("kind", kind);
    ObjectNode metadata = object.putObject("metadata").put("name", name);
    metadata.putObject("labels").put(LABEL, job);
    return object;
  }

  JsonNode secret(String ticket) {
    ObjectNode secret = object("Secret", "burnish-" + job);
    secret.put("type", "Opaque").put("immutable", true);
    secret.putObject("stringData").put("ticket", ticket + "\n");
    return secret;
  }

  JsonNode pod(int index) {
    Kubernetes wanted = settings.kubernetes();
    ObjectNode pod = object("Pod", "burnish-" + job + "-" + index);
    ObjectNode spec = pod.putObject("spec").put("restartPolicy", "Never");
    spec.put("automountServiceAccountToken", false);
    if (!wanted.nodeSelector().isEmpty()) {
      ObjectNode selector = spec.putObject("nodeSelector");
      wanted.nodeSelector().forEach(selector::put);
    }
    ObjectNode volume = spec.putArray("volumes").addObject().put("name", "ticket");
    volume.putObject("secret").put("secretName", "burnish-" + job).put("defaultMode", 0400);
    ObjectNode container = spec.putArray("containers").addObject();
    container.put("name", "host").put("image", wanted.image());
    container
        .putArray("command")
        .add("sh")
        .add("-c")
        .add("exec %s --join %s/ticket --name \"$HOSTNAME\"".formatted(settings.command(), FOLDER));
    container
        .putArray("volumeMounts")
        .addObject()
        .put("name", "ticket")
        .put("mountPath", FOLDER)
        .put("readOnly", true);
    resources(wanted, container.putObject("resources"));
    return pod;
  }

  private static void resources(Kubernetes wanted, ObjectNode resources) {
    ObjectNode requests = resources.putObject("requests");
    requests.put("cpu", Integer.toString(wanted.cores()));
    requests.put("memory", wanted.megabytes() + "Mi");
    ObjectNode limits = resources.putObject("limits").put("memory", wanted.megabytes() + "Mi");
    if (wanted.gpus() > 0) {
      limits.put("nvidia.com/gpu", Integer.toString(wanted.gpus()));
    }
  }

  /// How a pod ended, or why it will never begin; empty while it may run.
  static Optional<String> end(JsonNode pod) {
    JsonNode status = pod.path("status");
    String phase = status.path("phase").asString("");
    JsonNode state = status.path("containerStatuses").path(0).path("state");
    if (phase.equals("Failed") || phase.equals("Succeeded")) {
      return Optional.of(
          "its pod has "
              + phase.toLowerCase(Locale.ROOT)
              + details(status, state.path("terminated")));
    }
    JsonNode waiting = state.path("waiting");
    return HOPELESS.contains(waiting.path("reason").asString(""))
        ? Optional.of("its pod cannot start" + details(status, waiting))
        : Optional.empty();
  }

  private static String details(JsonNode status, JsonNode state) {
    StringBuilder text = new StringBuilder();
    for (JsonNode node : new JsonNode[] {status, state}) {
      for (String key : new String[] {"reason", "message", "exitCode", "signal"}) {
        if (node.has(key)) {
          text.append(text.isEmpty() ? ": " : ", ")
              .append(key)
              .append('=')
              .append(node.path(key).asString());
        }
      }
    }
    return text.toString();
  }
}
