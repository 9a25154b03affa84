package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.SharedFiles;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchGeneratorTest {
  private static final Tokenizer TEXT = CharacterTokenizer.of("abcdefgh ");

  private static LanguageModel model() {
    return TinyModels.llama(TEXT.vocabularySize(), TEXT.endId().orElseThrow(), 3);
  }

  private static BatchGenerator generator(LanguageModel model) {
    return new BatchGenerator(model, PromptEncoder.of(TEXT));
  }

  /// Mixed lengths, so that a step has prompts and completions of many sizes at the same time.
  private static List<Prompt> prompts() {
    return List.of(tokens("a"), tokens("abc defg"), tokens("hh"), tokens("bad cafe fed"));
  }

  private static Prompt tokens(String text) {
    return Prompt.tokens(TEXT.encode(text));
  }

  private static void assertTrainerAgrees(
      LanguageModel model, List<Group> groups, double scale, float relative) {
    for (Group group : groups) {
      for (Completion completion : group.completions()) {
        TokenForest forest = new TokenForest();
        int prompt = forest.add(TokenForest.ROOT, group.prompt());
        Targets targets = new Targets().addNode(forest, forest.add(prompt, completion.tokens()), 0);
        try (TensorScope _ = TensorScope.open();
            Pass pass = model.decoder().evaluate(forest)) {
          float[] logprobs = pass.logprobs(targets, scale).logprobs();
          for (int i = 0; i < logprobs.length; i++) {
            float tolerance = relative * Math.max(1, Math.abs(logprobs[i]));
            assertThat(completion.logprobs()[i]).isCloseTo(logprobs[i], within(tolerance));
          }
        }
      }
    }
  }

  @Test
  void aPlainPromptBeginsAsItsTokenizerHasIt(@TempDir Path folder) throws IOException {
    TEXT.save(folder);
    Path file = folder.resolve("tokenizer.json");
    String begins =
        """
        "post_processor": {"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "<|pad|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
          "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
          "special_tokens": {"<|pad|>": {"id": "<|pad|>", "ids": [0], "tokens": ["<|pad|>"]}}}\
        """;
    String json = Files.readString(file).replaceFirst("\"post_processor\"\\s*:\\s*null", begins);
    Files.writeString(file, json);
    try (LanguageModel model = model();
        Tokenizer framed = Tokenizer.load(folder)) {
      BatchGenerator generator = new BatchGenerator(model, PromptEncoder.of(framed));
      SamplingParams greedy = SamplingParams.greedy(3);

      assertThat(generator.generate(Prompt.text("abc"), greedy).prompt())
          .containsExactly(0, 2, 3, 4);
      assertThat(generator.generate(Prompt.text(""), greedy).prompt()).containsExactly(0);
      assertThat(generator.generate(Prompt.tokens(framed.encode("abc")), greedy).prompt())
          .containsExactly(2, 3, 4);
    }
  }

  @Test
  void aWeightThatIsNotFiniteIsNamed() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = generator(model);
      String name = "model.layers.1.mlp.up_proj.weight";
      model.decoder().part(name).value(name).fill_(Double.NaN);
      model.decoder().weights().publish(1);

      assertThatThrownBy(() -> generator.generate(Prompt.text("abc"), SamplingParams.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the weight " + name + " holds NaN");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.7, 1})
  void logprobsAreThoseOfTheTrainer(double temperature) {
    try (LanguageModel model = model()) {
      SamplingParams params =
          SamplingParams.defaults().withN(3).withMaxTokens(20).withTemperature(temperature);
      List<Group> groups = generator(model).generateAll(prompts(), params.withSeed(5));
      assertThat(groups).hasSize(4).allSatisfy(group -> assertThat(group.completions()).hasSize(3));
      assertTrainerAgrees(model, groups, temperature == 0 ? 1 : 1 / temperature, 1e-5f);
    }
  }

  @Test
  void logprobsOfTheRealModelAreThoseOfTheTrainer() {
    try (LanguageModel model = LanguageModel.load(SharedFiles.model("smollm2-135m-instruct"))) {
      Tokenizer text = Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
      List<Group> groups =
          new BatchGenerator(model, PromptEncoder.of(text))
              .generateAll(
                  List.of(
                      Prompt.text("The capital of France is"),
                      Prompt.text("Once upon a time, in a small village")),
                  SamplingParams.defaults().withN(2).withMaxTokens(12).withSeed(1));
      // Of 428 tokens the largest difference is 1.7e-5, the root mean square 6.5e-6: the sums of
      // attention have another order than the trainer's.
      assertTrainerAgrees(model, groups, 1, 3e-5f);
    }
  }

  @Test
  void aCompletionDoesNotDependOnWhatElseRuns() {
    try (LanguageModel model = model()) {
      SamplingParams params = SamplingParams.defaults().withN(2).withMaxTokens(15).withSeed(9);
      List<Group> together = generator(model).generateAll(prompts(), params);
      BatchGenerator oneByOne =
          new BatchGenerator(
              model,
              PromptEncoder.of(TEXT),
              EngineSettings.defaults().withMaxSequences(2).withCacheBytes(1 << 20));
      List<Group> apart = oneByOne.generateAll(prompts(), params);
      for (int i = 0; i < together.size(); i++) {
        for (int j = 0; j < 2; j++) {
          Completion alone = apart.get(i).completions().get(j);
          Completion among = together.get(i).completions().get(j);
          assertThat(alone.tokens()).isEqualTo(among.tokens());
          assertThat(alone.logprobs()).isEqualTo(among.logprobs());
        }
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameCompletionsAndAnotherSeedOthers() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = generator(model);
      SamplingParams params = SamplingParams.defaults().withN(4).withMaxTokens(20);
      List<String> first = texts(generator, params.withSeed(1));
      assertThat(texts(generator, params.withSeed(1))).isEqualTo(first);
      assertThat(texts(generator, params.withSeed(2))).isNotEqualTo(first);
      assertThat(first.stream().distinct().count()).isGreaterThan(1);
    }
  }

  private static List<String> texts(BatchGenerator generator, SamplingParams params) {
    return generator.generateAll(prompts(), params).stream()
        .flatMap(group -> group.completions().stream().map(Completion::text))
        .toList();
  }

  @Test
  void endsAtTheEndTokenAtAStopTextAndAtTheLimit() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = generator(model);
      SamplingParams params = SamplingParams.defaults().withN(40).withMaxTokens(30).withSeed(4);
      int end = TEXT.endId().orElseThrow();
      List<Completion> free = generator.generate(Prompt.text("abc"), params).completions();
      for (Completion completion : free) {
        int[] tokens = completion.tokens();
        boolean ended = tokens[tokens.length - 1] == end;
        assertThat(completion.finish()).isEqualTo(ended ? FinishReason.STOP : FinishReason.LENGTH);
        assertThat(ended || tokens.length == 30).isTrue();
        assertThat(IntStream.of(tokens).limit(tokens.length - 1L)).doesNotContain(end);
        assertThat(completion.text()).doesNotContain("<|end|>");
      }
      assertThat(free).extracting(Completion::finish).contains(FinishReason.STOP);
      List<Completion> stopped =
          generator.generate(Prompt.text("abc"), params.withStop(List.of("c", "gg"))).completions();
      for (int i = 0; i < stopped.size(); i++) {
        String text = stopped.get(i).text();
        assertThat(text).doesNotContain("c").doesNotContain("gg");
        assertThat(free.get(i).text()).startsWith(text);
      }
      assertThat(
              generator
                  .generate(Prompt.text("abc"), params.withSuppressed(List.of(end)))
                  .completions())
          .allSatisfy(c -> assertThat(c.finish()).isEqualTo(FinishReason.LENGTH));
    }
  }

  @Test
  void tellsEveryTokenAsItComes() {
    try (LanguageModel model = model()) {
      List<List<Integer>> heard = List.of(new ArrayList<>(), new ArrayList<>());
      List<Completion> group =
          generator(model)
              .generateAll(
                  List.of(tokens("fed")),
                  SamplingParams.defaults().withN(2).withMaxTokens(9),
                  (_, sample, token) -> heard.get(sample).add(token))
              .getFirst()
              .completions();
      for (int i = 0; i < 2; i++) {
        assertThat(heard.get(i))
            .containsExactlyElementsOf(IntStream.of(group.get(i).tokens()).boxed().toList());
      }
    }
  }

  @Test
  void refusesPromptsThatAreEmptyOrTooLong() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = generator(model);
      assertThatThrownBy(() -> generator.generate(Prompt.text(""), SamplingParams.defaults()))
          .hasMessageContaining("tokens=0");
      assertThatThrownBy(
              () -> generator.generate(Prompt.text("a".repeat(64)), SamplingParams.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("max_position_embeddings=64: prompt=0 tokens=64");
      Completion last =
          generator
              .generate(Prompt.text("a".repeat(63)), SamplingParams.defaults())
              .completions()
              .getFirst();
      assertThat(last.tokens()).hasSize(1);
    }
  }

  @Test
  void carriesTheVersionThatWasPublishedAndRefusesOneThatWasNot() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = generator(model);
      SamplingParams params = SamplingParams.defaults().withMaxTokens(5);
      model.decoder().weights().publish(7);
      assertThat(generator.updateWeights(7)).isEqualTo(7);
      assertThat(generator.version()).isEqualTo(7);
      Completion completion =
          generator.generate(Prompt.text("abc"), params).completions().getFirst();
      assertThat(completion.versions()).isEqualTo(TokenVersions.of(7, completion.tokens().length));
      assertThatThrownBy(() -> generator.updateWeights(8))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("version=8 weights=7");
      assertThat(generator.version()).isEqualTo(7);
    }
  }

  @Test
  void refusesPromptsThatItHasNoTokenizerOrTemplateFor() {
    try (LanguageModel model = model()) {
      SamplingParams params = SamplingParams.greedy(2);
      BatchGenerator ids = new BatchGenerator(model, PromptEncoder.tokensOnly());
      assertThat(ids.generate(Prompt.tokens(2, 3), params).completions().getFirst().text())
          .isEmpty();
      assertThatThrownBy(() -> ids.generate(Prompt.text("a"), params))
          .hasMessageContaining("needs a tokenizer");
      assertThatThrownBy(() -> generator(model).generate(Prompt.user("a"), params))
          .hasMessageContaining("needs a model with a chat template");
    }
  }
}
