package dev.burnish.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.Pretrained;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.Request;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server of a tiny random model at a free port, and clients of it.
final class TestServer implements AutoCloseable {
  static final String NAME = "tiny";
  static final int MAX_LENGTH = 4096;
  static final Tokenizer TEXT =
      CharacterTokenizer.of(
          IntStream.range(' ', 127).mapToObj(Character::toString).collect(Collectors.joining())
              + "\n");
  private static final String TEMPLATE =
      """
      {%- for tool in tools or [] %}[{{ tool.function.name }}]{% endfor -%}
      {%- for m in messages %}{{ m.role }}: {{ m.content }}
      {%- for call in m.tool_calls or [] %}<{{ call.function.arguments.x }}>{% endfor %}
      {% endfor -%}
      {%- if mood %}({{ mood }}){% endif -%}
      assistant:\
      """;

  final Pretrained model;
  final QueuedGenerator engine;
  final InferenceServer server;
  final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private TestServer(Endings endings, ServerSettings settings, EngineSettings ofEngine) {
    int end = TEXT.endId().orElseThrow();
    LlamaConfig config =
        new LlamaConfig(TEXT.vocabularySize(), 16, 32, 2, 4, 2, MAX_LENGTH, 10_000, 0.3, end);
    model =
        new Pretrained(
            LanguageModel.random(config.toJson(), 7),
            TEXT,
            Optional.of(ChatTemplate.of(TEMPLATE)),
            SamplingParams.defaults(),
            List.of());
    engine =
        QueuedGenerator.over(model.model(), model.prompts(), ofEngine.withCacheBytes(64 << 20));
    ModelCard card = HttpModelServer.card(model, NAME);
    List<Integer> suppressed = endings == Endings.NEVER ? List.of(end) : List.of();
    server =
        InferenceServer.start(
            settings,
            new ModelCard(
                card.name(),
                card.tokenizer(),
                card.template(),
                card.maxLength(),
                card.vocabulary(),
                card.endTokens(),
                new SamplingDefaults(1, SamplingParams.Truncation.NONE, 1, suppressed),
                card.created()),
            engine);
  }

  /// Whether completions may end by the model's end token.
  enum Endings {
    MODEL,
    NEVER
  }

  /// A server whose completions are as long as they may be.
  static TestServer start() {
    return start(settings(List.of(), ServerSettings.Limits.defaults()));
  }

  static TestServer start(ServerSettings settings) {
    return new TestServer(Endings.NEVER, settings, EngineSettings.defaults());
  }

  static TestServer start(EngineSettings settings) {
    return new TestServer(
        Endings.NEVER, settings(List.of(), ServerSettings.Limits.defaults()), settings);
  }

  static TestServer withEndTokens() {
    return new TestServer(
        Endings.MODEL,
        settings(List.of(), ServerSettings.Limits.defaults()),
        EngineSettings.defaults());
  }

  static ServerSettings settings(List<String> keys, ServerSettings.Limits limits) {
    return new ServerSettings("127.0.0.1", 0, keys, limits);
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpRequest.Builder request(String path, String json) {
    return HttpRequest.newBuilder(uri(path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json));
  }

  HttpResponse<String> post(String path, String json) throws Exception {
    return client.send(request(path, json).build(), HttpResponse.BodyHandlers.ofString());
  }

  /// The answer to a request that succeeds.
  JsonNode ok(String path, String json) throws Exception {
    HttpResponse<String> response = post(path, json);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    return JsonMapper.shared().readTree(response.body());
  }

  /// The error that a request is refused with.
  JsonNode refused(int status, String path, String json) throws Exception {
    return error(status, post(path, json));
  }

  static JsonNode error(int status, HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode error = JsonMapper.shared().readTree(response.body()).path("error");
    assertThat(error.path("message").asString("")).isNotBlank();
    assertThat(error.path("type").asString("")).isNotBlank();
    assertThat(error.has("param") && error.has("code")).isTrue();
    return error;
  }

  /// The events of a streamed answer, without the last one, which is `[DONE]`.
  List<JsonNode> events(String path, String json) throws Exception {
    HttpResponse<Stream<String>> response =
        client.send(request(path, json).build(), HttpResponse.BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/event-stream");
    List<JsonNode> events = new ArrayList<>();
    List<String> data =
        response.body().filter(line -> !line.isEmpty()).map(TestServer::data).toList();
    assertThat(data.getLast()).isEqualTo("[DONE]");
    data.subList(0, data.size() - 1).forEach(one -> events.add(JsonMapper.shared().readTree(one)));
    return events;
  }

  private static String data(String line) {
    assertThat(line).startsWith("data: ");
    return line.substring("data: ".length());
  }

  /// Holds up the thread that generates until the result is released or closed.
  Held holdEngine() {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    SamplingParams one = SamplingParams.defaults().withMaxTokens(1);
    engine.submit(
        Request.of(new int[] {5}, one),
        _ -> {
          held.countDown();
          awaitOpen(released);
        });
    awaitOpen(held);
    return new Held(released);
  }

  /// An engine that is held up. Close it before the server, which waits for its engine.
  record Held(CountDownLatch released) implements AutoCloseable {
    void release() {
      released.countDown();
    }

    @Override
    public void close() {
      release();
    }
  }

  private static void awaitOpen(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Waits until something holds that other threads bring about.
  static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(100_000);
      if (Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("interrupted before it held");
      }
    }
  }

  /// Whether no request is served and the engine computes nothing.
  boolean isIdle() {
    return server.numActive() == 0
        && engine.stats().load().running() == 0
        && engine.stats().load().waiting() == 0;
  }

  @Override
  public void close() {
    server.close();
    engine.close();
    model.close();
    client.close();
  }
}
