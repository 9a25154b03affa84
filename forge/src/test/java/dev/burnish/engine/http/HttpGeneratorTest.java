package dev.burnish.engine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.WeightSource;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Canary;
import dev.burnish.nn.PartValues;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.VersionRange;
import dev.burnish.testing.TinyModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Against recorded answers, in the forms that vLLM and SGLang document.
class HttpGeneratorTest {
  private static final String COMPLETIONS = "/v1/completions";
  private static final String VLLM =
      """
      {"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[
       {"index":1,"text":" b","logprobs":{"text_offset":[0,2],"token_logprobs":[-0.5,-9999.0],
        "tokens":["token_id:7","token_id:2"],"top_logprobs":[{"token_id:7":-0.5},{"token_id:2":-1}]},
        "finish_reason":"stop","stop_reason":null,"token_ids":[7,2],"prompt_token_ids":null},
       {"index":0,"text":" a","logprobs":{"text_offset":[0],"token_logprobs":[-1.3132616],
        "tokens":["token_id:5"],"top_logprobs":[{"token_id:5":-1.3132616}]},
        "finish_reason":"length","stop_reason":null,"token_ids":[5],"prompt_token_ids":[1,2,3]}],
       "usage":{"prompt_tokens":3,"total_tokens":6,"completion_tokens":3}}
      """;
  private static final String SGLANG =
      """
      {"text":" a","output_ids":[5,2],"meta_info":{"id":"1","finish_reason":{"type":"stop","matched":2},
       "prompt_tokens":3,"completion_tokens":2,"weight_version":"default",
       "output_token_logprobs":[[-0.25,5,null],[-2.5,2,null]]}}
      """;
  private static final SamplingParams PARAMS =
      SamplingParams.defaults().withMaxTokens(8).withTemperature(0.5).withSeed(11);

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  private RecordedServer server;

  private final LanguageModel model = TinyModels.llama(12, 1, 3);
  private final AtomicLong newest = new AtomicLong(4);

  @BeforeEach
  void start() throws IOException {
    server = new RecordedServer();
  }

  @AfterEach
  void stop() {
    server.close();
    model.close();
  }

  private ServerSettings settings(ServerSettings.Kind kind) {
    return ServerSettings.of(kind, server.url(), folder);
  }

  private HttpGenerator fixed(ServerSettings.Kind kind) {
    return HttpGenerator.of(settings(kind), PromptEncoder.tokensOnly());
  }

  /// A generator whose policy has the versions up to the newest.
  private HttpGenerator trained(ServerSettings.Kind kind) {
    return trained(kind, Optional.empty());
  }

  private HttpGenerator trained(ServerSettings.Kind kind, Optional<Canary> canary) {
    WeightSource versions =
        range -> {
          if (range.least() > newest.get()) {
            throw new IllegalArgumentException("no version in " + range);
          }
          return new WeightSource.Snapshot(
              Math.min(range.most(), newest.get()),
              IntStream.range(0, model.decoder().weights().numParts())
                  .mapToObj(model.decoder().weights()::part)
                  .<PartValues>map(PartValues.Plain::new)
                  .toList(),
              canary,
              () -> {});
        };
    WeightFolders folders = new WeightFolders(model.spec(), Optional.empty(), versions, folder);
    return HttpGenerator.of(settings(kind), PromptEncoder.tokensOnly(), folders);
  }

  private RecordedServer withVllmUpdates() {
    return server
        .on("/pause?mode=wait", 200, "{\"status\":\"paused\"}")
        .on("/collective_rpc", 200, "{\"results\":[null]}")
        .on("/reset_prefix_cache", 200, "")
        .on("/resume", 200, "{\"status\":\"resumed\"}");
  }

  private static String answer(double logprob) {
    return """
    {"choices":[{"index":0,"text":"a","logprobs":{"token_logprobs":[%s]},
     "finish_reason":"length","token_ids":[5]}]}
    """
        .formatted(logprob);
  }

  @Test
  void aServerThatComputesSomethingElseThanThePublisherIsNotUsed() {
    Canary canary = Canary.of(model.decoder());
    float published = canary.logprobs().getLast();
    withVllmUpdates()
        .on(COMPLETIONS, 200, answer(published + 0.02))
        .on(COMPLETIONS, 200, answer(published - 0.5))
        .on(COMPLETIONS, 400, "{\"error\":{\"message\":\"no such model\"}}")
        .on(COMPLETIONS, 200, answer(published));
    try (HttpGenerator generator = trained(ServerSettings.Kind.VLLM, Optional.of(canary))) {
      assertThat(generator.version()).isEqualTo(4);
      newest.set(5);
      assertThatThrownBy(() -> generator.updateWeights(5))
          .isInstanceOf(ServerFailed.class)
          .hasMessageContaining("version=5 logprob=[")
          .hasMessageContaining("published=" + published)
          .hasMessageContaining("version=4 was in use before");
      assertThatThrownBy(() -> generator.generate(Prompt.tokens(1), PARAMS, VersionRange.ANY))
          .isInstanceOf(ServerFailed.class);
      assertThatThrownBy(() -> generator.updateWeights(5)).isInstanceOf(ServerFailed.class);
      assertThat(generator.updateWeights(5)).isEqualTo(5);
      assertThat(generator.generate(Prompt.tokens(1), PARAMS, VersionRange.ANY).size()).isOne();
    }
  }

  @Test
  void tokenIdsGoToVllmAndComeBackWithTheirLogprobs() {
    server.on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = fixed(ServerSettings.Kind.VLLM)) {
      Group group =
          generator.generate(
              Prompt.tokens(1, 2, 3),
              PARAMS.withN(2).withTopP(0.9).withStop(List.of("END")),
              VersionRange.ANY);
      assertThat(group.prompt()).containsExactly(1, 2, 3);
      Completion first = group.completions().get(0);
      assertThat(first.tokens()).containsExactly(5);
      assertThat(first.logprobs()).containsExactly(-1.3132616f);
      assertThat(first.text()).isEqualTo(" a");
      assertThat(first.finish()).isEqualTo(FinishReason.LENGTH);
      Completion second = group.completions().get(1);
      assertThat(second.tokens()).containsExactly(7, 2);
      assertThat(second.finish()).isEqualTo(FinishReason.STOP);
      assertThat(generator.activity().tokens()).isEqualTo(3);
    }
    JsonNode body = server.seen().getFirst().body();
    assertThat(body.path("prompt").toString()).isEqualTo("[1,2,3]");
    assertThat(body.path("n").asInt()).isEqualTo(2);
    assertThat(body.path("max_tokens").asInt()).isEqualTo(8);
    assertThat(body.path("temperature").asDouble()).isEqualTo(0.5);
    assertThat(body.path("top_p").asDouble()).isEqualTo(0.9);
    assertThat(body.path("top_k").asInt()).isEqualTo(-1);
    assertThat(body.path("stop").toString()).isEqualTo("[\"END\"]");
    assertThat(body.path("return_token_ids").asBoolean()).isTrue();
    assertThat(body.path("logprobs").asInt(9)).isZero();
    assertThat(body.has("prompt_index")).isFalse();
  }

  @Test
  void promptsOfACallHaveSeedsOfTheirOwnAndComeBackInOrder() {
    server.on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = fixed(ServerSettings.Kind.VLLM)) {
      List<Group> groups =
          generator.generateAll(
              List.of(Prompt.tokens(1), Prompt.tokens(2), Prompt.tokens(3)),
              PARAMS.withN(2),
              VersionRange.ANY);
      assertThat(groups.stream().map(group -> group.prompt()[0])).containsExactly(1, 2, 3);
    }
    assertThat(server.seen().stream().map(seen -> seen.body().path("seed").asLong()).distinct())
        .hasSize(3);
  }

  @Test
  void sglangHasItsOwnForms() {
    server.on("/generate", 200, SGLANG);
    try (HttpGenerator generator = fixed(ServerSettings.Kind.SGLANG)) {
      Completion completion =
          generator
              .generate(Prompt.tokens(1, 2, 3), PARAMS, VersionRange.ANY)
              .completions()
              .getFirst();
      assertThat(completion.tokens()).containsExactly(5, 2);
      assertThat(completion.logprobs()).containsExactly(-0.25f, -2.5f);
      assertThat(completion.finish()).isEqualTo(FinishReason.STOP);
    }
    JsonNode body = server.seen().getFirst().body();
    assertThat(body.path("input_ids").toString()).isEqualTo("[1,2,3]");
    assertThat(body.at("/sampling_params/max_new_tokens").asInt()).isEqualTo(8);
    assertThat(body.path("return_logprob").asBoolean()).isTrue();
  }

  @Test
  void vllmReloadsAFolderBetweenPauseAndResume() throws Exception {
    withVllmUpdates().on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = trained(ServerSettings.Kind.VLLM)) {
      assertThat(generator.version()).isEqualTo(4);
      assertThat(server.paths())
          .containsExactly("/pause?mode=wait", "/collective_rpc", "/reset_prefix_cache", "/resume");
      JsonNode reload = server.seen().get(1).body();
      assertThat(reload.path("method").asString()).isEqualTo("reload_weights");
      Path written = Path.of(reload.at("/kwargs/weights_path").asString());
      try (LanguageModel read = LanguageModel.load(written)) {
        assertThat(
                read.decoder()
                    .weights()
                    .part(0)
                    .segment()
                    .mismatch(model.decoder().weights().part(0).segment()))
            .isEqualTo(-1);
      }
      newest.set(7);
      assertThat(generator.updateWeights(7)).isEqualTo(7);
      TokenVersions versions =
          generator
              .generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.from(6))
              .completions()
              .getFirst()
              .versions();
      assertThat(versions.at(0)).isEqualTo(7);
      newest.set(9);
      generator.updateWeights(9);
      assertThat(Files.exists(written)).isFalse();
      assertThat(Files.exists(folder.resolve("version-7"))).isTrue();
    }
  }

  @Test
  void aCallThatAsksForAnotherVersionLoadsItFirst() {
    withVllmUpdates().on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = trained(ServerSettings.Kind.VLLM)) {
      newest.set(5);
      generator.generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.exactly(5));
      assertThat(generator.version()).isEqualTo(5);
      assertThatThrownBy(
              () -> generator.generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.exactly(6)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no version");
      assertThat(generator.version()).isEqualTo(5);
    }
  }

  @Test
  void sglangLoadsFromDiskAndItsRefusalIsAnError() {
    server
        .on("/pause_generation", 200, "{\"status\":\"ok\"}")
        .on("/update_weights_from_disk", 200, "{\"success\":true,\"message\":\"ok\"}")
        .on("/update_weights_from_disk", 400, "{\"success\":false,\"message\":\"no such file\"}")
        .on("/continue_generation", 200, "{}");
    try (HttpGenerator generator = trained(ServerSettings.Kind.SGLANG)) {
      assertThat(server.seen().get(1).body().path("weight_version").asString()).isEqualTo("4");
      newest.set(5);
      assertThatThrownBy(() -> generator.updateWeights(5))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no such file");
      assertThat(generator.version()).isEqualTo(4);
      assertThat(server.paths().getLast()).isEqualTo("/continue_generation");
    }
  }

  @Test
  void aRefusedUpdateNamesTheAnswerAndLeavesTheVersionBefore() {
    server
        .on("/pause?mode=wait", 200, "{}")
        .on("/collective_rpc", 200, "{}")
        .on("/collective_rpc", 400, "{\"error\":\"unknown method\"}")
        .on("/reset_prefix_cache", 200, "")
        .on("/resume", 200, "{}")
        .on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = trained(ServerSettings.Kind.VLLM)) {
      newest.set(5);
      assertThatThrownBy(() -> generator.updateWeights(5))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("/collective_rpc")
          .hasMessageContaining("status=400")
          .hasMessageContaining("unknown method");
      assertThat(generator.version()).isEqualTo(4);
      assertThat(server.paths().getLast()).isEqualTo("/resume");
      assertThat(
              generator
                  .generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.ANY)
                  .completions()
                  .getFirst()
                  .versions()
                  .at(0))
          .isEqualTo(4);
    }
  }

  @Test
  void afterAnUpdateOfUnknownOutcomeNothingIsGeneratedUntilOneSucceeds() {
    server
        .on("/pause?mode=wait", 200, "{}")
        .on("/collective_rpc", 200, "{}")
        .on("/collective_rpc", 500, "CUDA error")
        .on("/collective_rpc", 200, "{}")
        .on("/reset_prefix_cache", 200, "")
        .on("/resume", 200, "{}")
        .on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = trained(ServerSettings.Kind.VLLM)) {
      newest.set(5);
      assertThatThrownBy(() -> generator.updateWeights(5))
          .isInstanceOf(ServerFailed.class)
          .hasMessageContaining("CUDA error");
      assertThatThrownBy(
              () -> generator.generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.ANY))
          .isInstanceOf(ServerFailed.class)
          .hasMessageContaining("CUDA error");
      assertThat(generator.updateWeights(5)).isEqualTo(5);
      generator.generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.exactly(5));
    }
  }

  @Test
  void aServerThatIsOverloadedOrBreaksTheConnectionIsAskedAgain() {
    server
        .on(COMPLETIONS, 503, "{}")
        .on(COMPLETIONS, 0, "")
        .on(COMPLETIONS, 429, "{}")
        .on(COMPLETIONS, 200, VLLM);
    try (HttpGenerator generator = fixed(ServerSettings.Kind.VLLM)) {
      generator.generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.ANY);
    }
    assertThat(server.seen()).hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void aServerThatNeverAnswersIsAnErrorOnceTheTimeIsOver() {
    server.on(COMPLETIONS, 503, "{\"error\":\"loading\"}");
    ServerSettings all = settings(ServerSettings.Kind.VLLM);
    ServerSettings hasty =
        new ServerSettings(
            all.kind(), all.url(), "", "", all.folder(), 0.2, 1, ServerSettings.Seeds.NONE);
    try (HttpGenerator generator = HttpGenerator.of(hasty, PromptEncoder.tokensOnly())) {
      assertThatThrownBy(
              () -> generator.generate(Prompt.tokens(1), PARAMS.withN(2), VersionRange.ANY))
          .isInstanceOf(ServerFailed.class)
          .hasMessageContaining("within 0.2 s")
          .hasMessageContaining("loading");
    }
    assertThat(server.seen().getFirst().body().has("seed")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "not json",
        "{\"choices\":[]}",
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\",\"logprobs\":{\"token_logprobs\":[-1]}}]}",
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\",\"token_ids\":[1,2],\"logprobs\":{\"token_logprobs\":[-1]}}]}",
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\",\"token_ids\":[1],\"logprobs\":{\"token_logprobs\":[null]}}]}",
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\",\"token_ids\":[1],\"logprobs\":{\"token_logprobs\":[3]}}]}",
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\",\"token_ids\":[-1],\"logprobs\":{\"token_logprobs\":[-3]}}]}",
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"error\",\"token_ids\":[1],\"logprobs\":{\"token_logprobs\":[-3]}}]}"
      })
  void anAnswerThatCannotBeLearnedFromIsAnError(String answer) {
    server.on(COMPLETIONS, 200, answer);
    try (HttpGenerator generator = fixed(ServerSettings.Kind.VLLM)) {
      assertThatThrownBy(() -> generator.generate(Prompt.tokens(1), PARAMS, VersionRange.ANY))
          .isInstanceOf(ServerFailed.class);
    }
  }

  @Test
  void aPromptThatTheServerRefusesIsTheCallersError() {
    server.on(COMPLETIONS, 400, "{\"error\":{\"message\":\"too long\"}}");
    try (HttpGenerator generator = fixed(ServerSettings.Kind.VLLM)) {
      assertThatThrownBy(() -> generator.generate(Prompt.tokens(1), PARAMS, VersionRange.ANY))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("too long");
    }
    assertThat(server.seen()).hasSize(1);
  }

  @Test
  void anInterruptedCallerLeaves() throws Exception {
    server.on(COMPLETIONS, 503, "{}");
    try (HttpGenerator generator = fixed(ServerSettings.Kind.VLLM)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> generator.generate(Prompt.tokens(1), PARAMS, VersionRange.ANY))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void settingsThatCannotBeAreRefused() {
    assertThat(ServerSettings.none().isSet()).isFalse();
    for (String url : List.of("localhost:8000", "ftp://host", "http://", "http:// x")) {
      assertThatThrownBy(() ->
              new ServerSettings(
                  ServerSettings.Kind.VLLM, url, "", "", "f", 1, 1, ServerSettings.Seeds.EACH))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("server.url");
    }
    assertThatThrownBy(() ->
            new ServerSettings(
                ServerSettings.Kind.VLLM,
                "http://h:1",
                "",
                "",
                "",
                1,
                1,
                ServerSettings.Seeds.EACH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("server.folder");
  }
}
