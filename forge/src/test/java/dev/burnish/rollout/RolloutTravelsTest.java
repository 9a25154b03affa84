package dev.burnish.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Generators, rewards and learners may live in other processes: everything between them travels,
/// bit for bit.
class RolloutTravelsTest {
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());

  private static final Completion COMPLETION =
      new Completion(
          new int[] {5, 6, 1},
          new float[] {-0.1f, -Float.MIN_VALUE, Math.nextDown(0f)},
          new TokenVersions(new int[] {0, 2}, new long[] {Long.MAX_VALUE, 3}, 3),
          "ab\u0000\uD83D\uDE00",
          FinishReason.STOP);
  private static final Completion DETAILED =
      new Completion(
          new int[] {5},
          new float[] {-0.1f},
          TokenVersions.of(1, 1),
          "a",
          FinishReason.LENGTH,
          new Completion.Details(
              new float[] {0.75f},
              List.of(new TopLogprobs(new int[] {5, 6}, new float[] {-0.1f, -3}, -0.1f))));
  private static final Problem PROBLEM = new Problem("a?", "b", Long.MIN_VALUE);
  private static final Group GROUP = new Group(new int[] {2, 3}, List.of(COMPLETION, COMPLETION));

  private static Object sent(Type type, Object value) {
    Codec codec = CODECS.of(type);
    return codec.decode(codec.encode(List.of(value), Session.NONE), Session.NONE).getFirst();
  }

  /// Arrays by content, floats by their bits.
  private static void assertArrivesAsItWas(Type type, Object value) {
    assertThat(sent(type, value))
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(value);
  }

  @Test
  void everyKindOfPromptArrivesAsItWas() {
    List<Prompt> prompts =
        List.of(
            Prompt.text("a"),
            Prompt.user("b"),
            new Prompt.Chat(List.of(new Prompt.Turn("system", "s"), new Prompt.Turn("user", ""))),
            Prompt.tokens(4, Integer.MAX_VALUE, 0));
    prompts.forEach(prompt -> assertArrivesAsItWas(Prompt.class, prompt));
  }

  @Test
  void groupsAndTheirSamplingArriveAsTheyWere() {
    assertArrivesAsItWas(Group.class, GROUP);
    assertArrivesAsItWas(
        Group.class, Group.bestOf(new int[] {2}, List.of(COMPLETION, DETAILED, COMPLETION), 2));
    assertArrivesAsItWas(Rollout.class, new Rollout(PROBLEM, GROUP));
    assertArrivesAsItWas(
        SamplingParams.class,
        SamplingParams.greedy(7)
            .withN(3)
            .withTopP(Math.nextUp(0.1))
            .withTopK(5)
            .withBestOf(5)
            .withMinP(0.25)
            .withTypicalP(0.5)
            .withAllowed(List.of(4))
            .withSuppressed(List.of(1, 2))
            .withBadWords(List.of(List.of(7), List.of(8, 9)))
            .withBias(Map.of(3, -0.5))
            .withPenalties(new SamplingParams.Penalties(1.1, 0.2, -0.3))
            .withStop(
                new SamplingParams.Stop(
                    List.of("x", "yy"), List.of(6), 2, SamplingParams.Stop.AtEnd.CONTINUE))
            .withLogprobs(
                new SamplingParams.Logprobs(3, SamplingParams.Logprobs.Distribution.MODEL))
            .withSeed(-1));
  }

  @Test
  void everyStructureArrivesAsItWas() {
    for (Structure structure :
        List.of(
            new Structure.Free(),
            new Structure.JsonSchema("{}"),
            new Structure.Regex("a|b"),
            new Structure.Choice(List.of("x", "y")))) {
      assertArrivesAsItWas(
          SamplingParams.class, SamplingParams.defaults().withStructure(structure));
    }
    assertThatThrownBy(() -> new Structure.Choice(List.of(""))).hasMessageContaining("choice=[]");
    SamplingParams structured = SamplingParams.defaults().withStructure(new Structure.Regex("a"));
    assertThatThrownBy(() -> structured.withMinTokens(1)).hasMessageContaining("minTokens=1");
    assertThatThrownBy(() -> structured.withStop(List.of("x"))).hasMessageContaining("texts=[x]");
  }

  @Test
  void scoredGroupsArriveAsTheyWere() {
    assertArrivesAsItWas(
        ScoredGroup.class,
        ScoredGroup.of(
            PROBLEM, GROUP, new double[] {1, Double.MIN_VALUE}, new double[] {0.1, -0.0}));
    Episode turns =
        Episode.of(
            List.of(
                new Segment.Given(Segment.Source.PROMPT, new int[] {2}),
                new Segment.Sampled(
                    COMPLETION, new double[] {1, -2, 0.5}, new boolean[] {true, false, true}),
                new Segment.Given(Segment.Source.TOOL, new int[] {9, 9}),
                new Segment.Given(Segment.Source.ENVIRONMENT, new int[] {8}),
                Segment.Sampled.of(COMPLETION, 0.25)),
            0.5);
    assertArrivesAsItWas(Episode.class, turns);
    ScoredGroup plain = new ScoredGroup(PROBLEM, List.of(turns));
    assertArrivesAsItWas(ScoredGroup.class, plain);
    assertArrivesAsItWas(Group.class, GROUP.madeBy("generator/0 pid 1"));
    assertArrivesAsItWas(ScoredGroup.class, plain.with(new Origin.Dispatch(Long.MAX_VALUE, 3)));
  }

  @Test
  void everyEndpointOfAGeneratorAndARewardTakesAndGivesWhatTravels() {
    for (Class<?> endpoints : List.of(Generator.class, Reward.class)) {
      for (Method method : endpoints.getMethods()) {
        if (java.lang.reflect.Modifier.isAbstract(method.getModifiers())) {
          assertThat(CODECS.arguments(method)).isNotNull();
          assertThat(CODECS.result(method)).isNotNull();
        }
      }
    }
  }

  @Test
  void whatArrivesIsValidated() {
    assertThatThrownBy(() ->
            new Completion(
                new int[2], new float[2], TokenVersions.of(1, 3), "", FinishReason.LENGTH))
        .hasMessageContaining("tokens=2 logprobs=2 versions=3");
    assertThatThrownBy(() ->
            new Completion(
                new int[2],
                new float[2],
                TokenVersions.of(1, 2),
                "",
                FinishReason.LENGTH,
                new Completion.Details(new float[1], List.of())))
        .hasMessageContaining("tokens=2 keptMass=1 top=0");
    assertThatThrownBy(() -> new TopLogprobs(new int[2], new float[1], 0))
        .hasMessageContaining("tokens=2 logprobs=1");
    assertThatThrownBy(() -> new Group(new int[0], List.of(COMPLETION)))
        .hasMessageContaining("prompt=0 tokens");
    assertThatThrownBy(() -> new Prompt.Chat(List.of())).hasMessageContaining("turns=0");
    assertThatThrownBy(
            () -> new Segment.Sampled(COMPLETION, new double[] {1, 1, Double.NaN}, new boolean[3]))
        .hasMessageContaining("advantages must be finite");
    assertThatThrownBy(() -> new Segment.Sampled(COMPLETION, new double[3], new boolean[2]))
        .hasMessageContaining("lossMask=2");
    Segment prompt = new Segment.Given(Segment.Source.PROMPT, new int[] {1});
    Segment unlearned = new Segment.Sampled(COMPLETION, new double[3], new boolean[3]);
    assertThatThrownBy(() -> Episode.of(List.of(prompt, unlearned), 0))
        .hasMessageContaining("must have sampled tokens to learn");
    assertThatThrownBy(() -> Episode.of(List.of(unlearned, prompt), 0))
        .hasMessageContaining("must begin with a prompt");
  }
}
