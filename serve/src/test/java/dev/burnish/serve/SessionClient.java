package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.agent.Endpoint;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A small client of both interfaces, as an agent has one.
record SessionClient(HttpClient client, Endpoint endpoint) {
  /// An event of a stream.
  ///
  /// @param name empty for one without
  record Event(String name, JsonNode data) {}

  HttpResponse<String> post(String path, String key, String json)
      throws IOException, InterruptedException {
    URI uri = endpoint.anthropic().resolve(path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json));
    if (path.startsWith("/v1/messages")) {
      request.header("x-api-key", key).header("anthropic-version", "2023-06-01");
    } else {
      request.header("Authorization", "Bearer " + key);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  JsonNode ok(String path, String json) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, endpoint.key(), json);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JsonMapper.shared().readTree(response.body());
  }

  JsonNode refused(int status, String path, String json) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, endpoint.key(), json);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return JsonMapper.shared().readTree(response.body()).path("error");
  }

  /// The events of a stream; `[DONE]` is left out.
  List<Event> events(String path, String json) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, endpoint.key(), json);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/event-stream");
    List<Event> events = new ArrayList<>();
    String name = "";
    for (String line : response.body().lines().toList()) {
      if (line.startsWith("event: ")) {
        name = line.substring("event: ".length());
      } else if (line.startsWith("data: {")) {
        events.add(new Event(name, JsonMapper.shared().readTree(line.substring(6))));
        name = "";
      }
    }
    return events;
  }

  /// An agent of OpenAI's interface: says something, and keeps the conversation.
  final class Chat {
    private final ArrayNode messages = JsonMapper.shared().createArrayNode();

    String say(String text) throws IOException, InterruptedException {
      messages.addObject().put("role", "user").put("content", text);
      ObjectNode request = JsonMapper.shared().createObjectNode();
      request.put("model", "gpt").set("messages", messages);
      JsonNode answer =
          ok("/v1/chat/completions", request.toString()).at("/choices/0/message").deepCopy();
      messages.add(answer);
      return answer.path("content").asString("");
    }
  }

  Chat chat() {
    return new Chat();
  }
}
