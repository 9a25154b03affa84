package dev.burnish.env.openenv;

import dev.burnish.concurrent.Waits;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A request per message.
final class HttpWire implements Wire {
  private final HttpClient client = HttpClient.newHttpClient();
  private final URI server;
  private final Duration patience;

  HttpWire(URI server, Duration patience) {
    this.server = server;
    this.patience = patience;
  }

  @Override
  public JsonNode ask(String type, ObjectNode data) {
    ObjectNode body =
        type.equals("step") ? JsonMapper.shared().createObjectNode().set("action", data) : data;
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve("/" + type))
            .timeout(patience)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    Waits.announce();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new OpenEnvException(
            "HTTP_" + response.statusCode(),
            "a server of environments must answer: server=%s type=%s status=%d (%s)"
                .formatted(server, type, response.statusCode(), shortened(response.body())));
      }
      return JsonMapper.shared().readTree(response.body());
    } catch (IOException | JacksonException e) {
      throw new OpenEnvException(
          "CONNECTION",
          "a server of environments must answer: server=%s type=%s (%s)".formatted(server, type, e),
          e);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while an environment answers");
    }
  }

  private static String shortened(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }

  @Override
  public void close() {
    client.close();
  }
}
