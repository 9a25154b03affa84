package dev.burnish.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.Tokenizer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A server with vLLM's interface: loads its weights from folders, while it is paused, and
/// generates with them.
public final class ReloadingServer implements AutoCloseable {
  private final Tokenizer tokenizer;
  private final HttpServer server;
  private final List<String> loaded = new ArrayList<>();
  private Optional<LanguageModel> model = Optional.empty();
  private boolean paused;

  /// @param tokenizer of the models that it will load
  public ReloadingServer(Tokenizer tokenizer) throws IOException {
    this.tokenizer = tokenizer;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// The names of the folders that were loaded.
  public synchronized List<String> loaded() {
    return List.copyOf(loaded);
  }

  private void answer(HttpExchange exchange) throws IOException {
    JsonNode body = JsonMapper.shared().readTree(exchange.getRequestBody().readAllBytes());
    byte[] bytes =
        answer(exchange.getRequestURI().getPath(), body)
            .toString()
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private synchronized ObjectNode answer(String path, JsonNode body) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    switch (path) {
      case "/pause" -> paused = true;
      case "/resume" -> paused = false;
      case "/collective_rpc" -> load(Path.of(body.at("/kwargs/weights_path").asString()));
      case "/v1/completions" -> complete(body, json.putArray("choices"));
      default -> {}
    }
    return json;
  }

  private void load(Path folder) {
    if (!paused) {
      throw new IllegalStateException("weights are loaded while the server is paused");
    }
    model.ifPresent(LanguageModel::close);
    model = Optional.of(LanguageModel.load(folder));
    loaded.add(folder.getFileName().toString());
  }

  private void complete(JsonNode body, ArrayNode choices) {
    int[] prompt = body.path("prompt").valueStream().mapToInt(JsonNode::intValue).toArray();
    SamplingParams params =
        SamplingParams.defaults()
            .withN(body.path("n").intValue())
            .withMaxTokens(body.path("max_tokens").intValue())
            .withTemperature(body.path("temperature").doubleValue())
            .withSeed(body.path("seed").longValue());
    BatchGenerator generator = new BatchGenerator(model.orElseThrow(), PromptEncoder.of(tokenizer));
    for (Completion completion :
        generator.generateAll(List.of(Prompt.tokens(prompt)), params).getFirst().completions()) {
      ObjectNode choice = choices.addObject();
      choice.put("index", choices.size() - 1);
      choice.put("text", completion.text());
      choice.put("finish_reason", completion.finish().name().toLowerCase(Locale.ROOT));
      ArrayNode ids = choice.putArray("token_ids");
      ArrayNode logprobs = choice.putObject("logprobs").putArray("token_logprobs");
      for (int i = 0; i < completion.tokens().length; i++) {
        ids.add(completion.tokens()[i]);
        logprobs.add(completion.logprobs()[i]);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    model.ifPresent(LanguageModel::close);
  }
}
