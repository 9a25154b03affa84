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
import dev.burnish.rollout.SamplingParams;
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

  /// Mixed lengths, so that a wave has prompts and completions of many sizes side by side.
  private static List<int[]> prompts() {
    return List.of(
        TEXT.encode("a"), TEXT.encode("abc defg"), TEXT.encode("hh"), TEXT.encode("bad cafe fed"));
  }

  private static void assertTrainerAgrees(
      LanguageModel model, List<List<Completion>> groups, double scale) {
    for (List<Completion> group : groups) {
      for (Completion completion : group) {
        TokenForest forest = new TokenForest();
        int prompt = forest.add(TokenForest.ROOT, completion.prompt());
        Targets targets = new Targets().addNode(forest, forest.add(prompt, completion.tokens()), 0);
        try (TensorScope _ = TensorScope.open();
            Pass pass = model.decoder().evaluate(forest)) {
          float[] logp = pass.logProbs(targets, scale).logp();
          for (int i = 0; i < logp.length; i++) {
            float tolerance = 1e-5f * Math.max(1, Math.abs(logp[i]));
            assertThat(completion.logprobs()[i]).isCloseTo(logp[i], within(tolerance));
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
        Tokenizer framed = Tokenizer.load(folder);
        BatchGenerator generator = new BatchGenerator(model, framed)) {
      SamplingParams greedy = SamplingParams.greedy(3);

      assertThat(generator.generate("abc", greedy).getFirst().prompt()).containsExactly(0, 2, 3, 4);
      assertThat(generator.generate("", greedy).getFirst().prompt()).containsExactly(0);
      assertThat(generator.generateTokens(List.of(framed.encode("abc")), greedy))
          .first()
          .satisfies(group -> assertThat(group.getFirst().prompt()).containsExactly(2, 3, 4));
    }
  }

  @Test
  void aWeightThatIsNotFiniteIsNamed() {
    try (LanguageModel model = model();
        BatchGenerator generator = new BatchGenerator(model, TEXT)) {
      String name = "model.layers.1.mlp.up_proj.weight";
      model.decoder().part(name).value(name).fill_(Double.NaN);
      model.decoder().weights().publish(1);

      assertThatThrownBy(() -> generator.generate(List.of("abc"), SamplingParams.defaults()))
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
      List<List<Completion>> groups =
          new BatchGenerator(model, TEXT).generateTokens(prompts(), params.withSeed(5));
      assertThat(groups).hasSize(4).allSatisfy(group -> assertThat(group).hasSize(3));
      assertTrainerAgrees(model, groups, temperature == 0 ? 1 : 1 / temperature);
    }
  }

  @Test
  void logprobsOfTheRealModelAreThoseOfTheTrainer() {
    try (LanguageModel model = LanguageModel.load(SharedFiles.model("smollm2-135m-instruct"))) {
      Tokenizer text = Tokenizer.load(SharedFiles.model("smollm2-135m-instruct"));
      List<List<Completion>> groups =
          new BatchGenerator(model, text)
              .generate(
                  List.of("The capital of France is", "Once upon a time, in a small village"),
                  SamplingParams.defaults().withN(2).withMaxTokens(12).withSeed(1));
      assertTrainerAgrees(model, groups, 1);
    }
  }

  @Test
  void aCompletionDoesNotDependOnWhatElseRuns() {
    try (LanguageModel model = model()) {
      SamplingParams params = SamplingParams.defaults().withN(2).withMaxTokens(15).withSeed(9);
      List<List<Completion>> together =
          new BatchGenerator(model, TEXT).generateTokens(prompts(), params);
      BatchGenerator oneByOne =
          new BatchGenerator(model, TEXT, new BatchGenerator.Limits(2, 1 << 20));
      List<List<Completion>> apart = oneByOne.generateTokens(prompts(), params);
      for (int i = 0; i < together.size(); i++) {
        for (int j = 0; j < 2; j++) {
          assertThat(apart.get(i).get(j).tokens()).isEqualTo(together.get(i).get(j).tokens());
        }
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameCompletionsAndAnotherSeedOthers() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = new BatchGenerator(model, TEXT);
      SamplingParams params = SamplingParams.defaults().withN(4).withMaxTokens(20);
      List<String> first = texts(generator, params.withSeed(1));
      assertThat(texts(generator, params.withSeed(1))).isEqualTo(first);
      assertThat(texts(generator, params.withSeed(2))).isNotEqualTo(first);
      assertThat(first.stream().distinct().count()).isGreaterThan(1);
    }
  }

  private static List<String> texts(BatchGenerator generator, SamplingParams params) {
    return generator.generateTokens(prompts(), params).stream()
        .flatMap(group -> group.stream().map(Completion::text))
        .toList();
  }

  @Test
  void endsAtTheEndTokenAtAStopTextAndAtTheLimit() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = new BatchGenerator(model, TEXT);
      SamplingParams params = SamplingParams.defaults().withN(40).withMaxTokens(30).withSeed(4);
      int end = TEXT.endId().orElseThrow();
      List<Completion> free = generator.generate("abc", params);
      for (Completion completion : free) {
        int[] tokens = completion.tokens();
        boolean ended = tokens[tokens.length - 1] == end;
        assertThat(completion.finish()).isEqualTo(ended ? FinishReason.STOP : FinishReason.LENGTH);
        assertThat(ended || tokens.length == 30).isTrue();
        assertThat(IntStream.of(tokens).limit(tokens.length - 1L)).doesNotContain(end);
        assertThat(completion.text()).doesNotContain("<|end|>");
      }
      assertThat(free).extracting(Completion::finish).contains(FinishReason.STOP);
      List<Completion> stopped = generator.generate("abc", params.withStop(List.of("c", "gg")));
      for (int i = 0; i < stopped.size(); i++) {
        String text = stopped.get(i).text();
        assertThat(text).doesNotContain("c").doesNotContain("gg");
        assertThat(free.get(i).text()).startsWith(text);
      }
      assertThat(generator.generate("abc", params.withSuppressed(List.of(end))))
          .allSatisfy(c -> assertThat(c.finish()).isEqualTo(FinishReason.LENGTH));
    }
  }

  @Test
  void tellsEveryTokenAsItComes() {
    try (LanguageModel model = model()) {
      List<List<Integer>> heard = List.of(new ArrayList<>(), new ArrayList<>());
      List<Completion> group =
          new BatchGenerator(model, TEXT)
              .generateTokens(
                  List.of(TEXT.encode("fed")),
                  SamplingParams.defaults().withN(2).withMaxTokens(9),
                  (_, sample, token) -> heard.get(sample).add(token))
              .getFirst();
      for (int i = 0; i < 2; i++) {
        assertThat(heard.get(i))
            .containsExactlyElementsOf(IntStream.of(group.get(i).tokens()).boxed().toList());
      }
    }
  }

  @Test
  void refusesPromptsThatAreEmptyOrTooLong() {
    try (LanguageModel model = model()) {
      BatchGenerator generator = new BatchGenerator(model, TEXT);
      assertThatThrownBy(() -> generator.generate("", SamplingParams.defaults()))
          .hasMessageContaining("tokens=0");
      assertThatThrownBy(() -> generator.generate("a".repeat(64), SamplingParams.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("max_position_embeddings=64: prompt=0 tokens=64");
      Completion last = generator.generate("a".repeat(63), SamplingParams.defaults()).getFirst();
      assertThat(last.tokens()).hasSize(1);
    }
  }
}
