package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.SamplingParams.Logprobs;
import dev.burnish.rollout.SamplingParams.Stop;
import dev.burnish.rollout.Structure;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Effects of the sampling parameters on completions.
class SampledGenerationTest {
  private static final Tokenizer TEXT = CharacterTokenizer.of("abc{}[]:,\"0123456789 \n\tentrulfs");
  private static final int END = TEXT.endId().orElseThrow();
  private static final Prompt PROMPT = Prompt.text("abc");
  private static final SamplingParams PARAMS =
      SamplingParams.defaults().withMaxTokens(40).withSeed(3).withN(4);

  private final LanguageModel model = TinyModels.llama(TEXT.vocabularySize(), END, 5);
  private final BatchGenerator generator = new BatchGenerator(model, PromptEncoder.of(TEXT));

  @AfterEach
  void close() {
    model.close();
  }

  private List<Completion> completions(SamplingParams params) {
    return generator.generate(PROMPT, params).completions();
  }

  @Test
  void theBestOfSeveralComeBestFirstWithTheCostOfTheOthers() {
    List<Completion> all = completions(PARAMS.withN(6));
    Group best = generator.generate(PROMPT, PARAMS.withN(2).withBestOf(6));

    List<int[]> expected =
        all.stream()
            .sorted((a, b) -> Double.compare(b.cumulativeLogprob(), a.cumulativeLogprob()))
            .map(Completion::tokens)
            .toList();
    assertThat(best.completions().stream().map(Completion::tokens))
        .containsExactlyElementsOf(expected.subList(0, 2));
    assertThat(best.unchosenTokens())
        .isEqualTo(expected.stream().skip(2).mapToLong(tokens -> tokens.length).sum());
    assertThat(generator.generate(PROMPT, PARAMS).unchosenTokens()).isZero();
  }

  @Test
  void aStopTokenEndsTheCompletionAndIsNotInItsText() {
    int stop = TEXT.encode("e")[0];
    for (Completion completion : completions(PARAMS.withStopTokens(List.of(stop)))) {
      boolean stopped = completion.tokens()[completion.tokens().length - 1] == stop;
      assertThat(completion.text()).doesNotContain("e");
      if (stopped) {
        assertThat(completion.finish()).isEqualTo(FinishReason.STOP);
        assertThat(completion.text()).hasSize(completion.tokens().length - 1);
      }
    }
    assertThat(completions(PARAMS.withStopTokens(List.of(stop))))
        .anyMatch(completion -> completion.tokens()[completion.tokens().length - 1] == stop);
  }

  @Test
  void nothingEndsACompletionBeforeItsLeastLength() {
    SamplingParams params =
        PARAMS.withN(30).withMinTokens(20).withStop(List.of("e", "a")).withStopTokens(List.of(5));
    assertThat(completions(params))
        .allSatisfy(completion -> {
          assertThat(completion.tokens()).hasSizeGreaterThanOrEqualTo(20);
          int[] before = Arrays.copyOf(completion.tokens(), 19);
          assertThat(before).doesNotContain(END, 5);
        })
        .anyMatch(completion -> completion.finish() == FinishReason.STOP);
  }

  @Test
  void anEndTokenThatIsIgnoredEndsNothing() {
    List<Completion> ignoring = completions(PARAMS.withN(30).withEnd(Stop.AtEnd.CONTINUE));
    assertThat(ignoring)
        .allMatch(completion -> completion.finish() == FinishReason.LENGTH)
        .anyMatch(completion -> Arrays.stream(completion.tokens()).anyMatch(t -> t == END));
  }

  @Test
  void detailsAreThereWhereTheyAreAskedFor() {
    assertThat(completions(PARAMS))
        .allMatch(completion -> completion.details().equals(Completion.Details.NONE));
    SamplingParams asking =
        PARAMS.withTopK(3).withLogprobs(new Logprobs(2, Logprobs.Distribution.MODEL));
    for (Completion completion : completions(asking)) {
      int length = completion.tokens().length;
      assertThat(completion.details().top()).hasSize(length);
      assertThat(completion.details().keptMass()).hasSize(length);
      for (int i = 0; i < length; i++) {
        assertThat(completion.details().keptMass()[i]).isBetween(0f, 1f);
        assertThat(completion.drawnLogprob(i))
            .isGreaterThanOrEqualTo(completion.logprobs()[i])
            .isLessThanOrEqualTo(1e-6f);
        assertThat(completion.details().top().get(i).tokens()).hasSize(2);
      }
    }
    assertThat(completions(PARAMS.withTopK(3).withTemperature(0)).getFirst().details().keptMass())
        .isEmpty();
  }

  @Test
  void aStructuredCompletionThatStopsHasItsStructure() {
    Structure schema =
        new Structure.JsonSchema(
            """
            {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}},
             "b": {"enum": ["bc", true, null]}}, "required": ["a", "b"]}\
            """);
    SamplingParams params = PARAMS.withN(40).withMaxTokens(60).withStructure(schema);
    List<Completion> completions = completions(params);
    assertThat(completions)
        .anyMatch(completion -> completion.finish() == FinishReason.STOP)
        .allSatisfy(completion -> {
          if (completion.finish() == FinishReason.STOP) {
            JsonNode json = JsonMapper.shared().readTree(completion.text());
            assertThat(json.path("a").isArray()).isTrue();
            assertThat(json.path("b").toString()).isIn("\"bc\"", "true", "null");
          }
        });
  }

  @Test
  void whatTheStructureAllowsAloneIsCertain() {
    Completion completion =
        completions(PARAMS.withStructure(new Structure.Choice(List.of("cab")))).getFirst();
    assertThat(completion.text()).isEqualTo("cab");
    assertThat(completion.tokens()).endsWith(END).hasSize(4);
    assertThat(completion.logprobs()).containsOnly(0f);
  }

  @Test
  void aStructuredCompletionThatIsContinuedIsTheSame() {
    SamplingParams params =
        PARAMS.withN(1).withStructure(new Structure.Regex("(ab|ba|c[0-9]{2})+ 7"));
    Completion whole = completions(params).getFirst();
    int begun = Math.min(3, whole.tokens().length - 1);
    Completion beginning =
        new Completion(
            Arrays.copyOf(whole.tokens(), begun),
            Arrays.copyOf(whole.logprobs(), begun),
            TokenVersions.of(0, begun),
            "",
            FinishReason.ABORTED);
    Request request = Request.of(TEXT.encode("abc"), params).continuing(List.of(beginning));
    try (QueuedGenerator queued =
        QueuedGenerator.over(model, PromptEncoder.of(TEXT), EngineSettings.defaults())) {
      Completion continued =
          queued.submit(request, RequestListener.NONE).await().completions().getFirst();
      assertThat(continued.tokens()).isEqualTo(whole.tokens());
      assertThat(continued.logprobs()).isEqualTo(whole.logprobs());
    }
  }

  @Test
  void whatTheModelCannotDoIsRefusedAtOnce() {
    SamplingParams unknown = PARAMS.withAllowed(List.of(TEXT.vocabularySize()));
    assertThatThrownBy(() -> completions(unknown))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the model's vocabulary: token=" + TEXT.vocabularySize());
    SamplingParams structured = PARAMS.withStructure(new Structure.Regex("("));
    assertThatThrownBy(() -> completions(structured))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("regex=(");
    Sequence.Endings endless = new Sequence.Endings(new int[0], Optional.of(TEXT));
    assertThatThrownBy(() -> endless.require(new Structure.Regex("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs a model with an end token");
  }

  @Test
  void aProcessorChangesWhatIsDrawn() {
    int only = TEXT.encode("f")[0];
    BatchGenerator changed =
        new BatchGenerator(
            model,
            PromptEncoder.of(TEXT),
            EngineSettings.defaults(),
            Extensions.none()
                .withProcessors(
                    List.of(
                        (sequence, logits) -> logits.add(only, sequence.length() < 5 ? 1000 : 0))));
    assertThat(changed.generate(PROMPT, PARAMS).completions())
        .allSatisfy(completion -> assertThat(completion.text()).startsWith("fffff"));
  }
}
