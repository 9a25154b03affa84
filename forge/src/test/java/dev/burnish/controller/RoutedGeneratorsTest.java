package dev.burnish.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Context;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.actor.Supervisor.Place;
import dev.burnish.agent.Budget;
import dev.burnish.agent.ChatFormat;
import dev.burnish.agent.EnvironmentRollout;
import dev.burnish.controller.worker.GeneratorActor;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.GeneratorActivity;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.VersionRange;
import dev.burnish.service.OwnedService;
import dev.burnish.service.ReplicaStatus;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.service.routing.Balancing;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Conversations over several generators, each with a cache of its own.
@Timeout(120)
class RoutedGeneratorsTest {
  private static final CharacterTokenizer LETTERS = CharacterTokenizer.of("abcdefgh");
  private static final ChatFormat FORMAT =
      ChatFormat.of(
          LETTERS,
          ChatTemplate.of(
              "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}<|end|>{% endif %}{% endfor %}"));
  private static final int TURNS = 4;
  private static final int REPLY = 32;

  private final Job job =
      Job.start(
          JobOptions.named("conversations")
              .with(Processes.THREADS)
              .with(ActorSystemSettings.defaults().withTimeout(Duration.ofMinutes(1))));

  @AfterEach
  void close() {
    job.close();
  }

  /// An engine over a small model: all of them have the same weights.
  static final class Engine implements GeneratorActor, AutoCloseable {
    private static final AtomicReference<Runnable> LOSS_OF_LAST = new AtomicReference<>(() -> {});

    private final Context context = Context.current();
    private final LanguageModel model =
        LanguageModel.random(
            new LlamaConfig(
                    LETTERS.vocabularySize(),
                    16,
                    32,
                    2,
                    4,
                    2,
                    1024,
                    10_000,
                    0.3,
                    LETTERS.endId().orElseThrow())
                .toJson(),
            1);
    private final QueuedGenerator engine =
        QueuedGenerator.over(model, PromptEncoder.of(LETTERS), EngineSettings.defaults());

    @Override
    public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
      LOSS_OF_LAST.set(this::lose);
      return engine.generate(prompt, sampling, versions);
    }

    private void lose() {
      Place place = new Place(context.name(), context.point(), "a child", "here");
      context.supervisor().failed(new Failure(place, "told to die", List.of()));
    }

    @Override
    public List<Group> generateAll(
        List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
      return engine.generateAll(prompts, sampling, versions);
    }

    @Override
    public List<Score> score(List<Continuation> continuations, VersionRange versions) {
      return engine.score(continuations, versions);
    }

    @Override
    public long updateWeights(long version) {
      return engine.updateWeights(version);
    }

    @Override
    public long version() {
      return engine.version();
    }

    @Override
    public GeneratorActivity activity() {
      return engine.activity();
    }

    @Override
    public void close() {
      engine.close();
      model.close();
    }
  }

  /// Says some letters each turn; before one of them an action runs.
  private record Talk(int turnOfAction, Runnable action) implements Environment {
    @Override
    public Observation reset(long seed) {
      return Observation.user("abcdefgh".repeat(REPLY / 8));
    }

    @Override
    public Step step(Action said) {
      if (said.turn() == turnOfAction) {
        action.run();
      }
      return said.turn() + 1 == TURNS
          ? Step.over(said.text().length())
          : Step.next(Observation.user("hgfedcba".repeat(REPLY / 8)));
    }
  }

  private OwnedService<GeneratorActor> engines() {
    ServiceOptions options =
        ServiceOptions.replicas(2).concurrency(1 << 10).retries(3).balancing(Balancing.STICKY_KEYS);
    OwnedService<GeneratorActor> service =
        Service.start(job.hosts(), "generator", GeneratorActor.class, Engine::new, options);
    service.awaitHealthy(2, Duration.ofSeconds(60));
    return service;
  }

  private static ScoredGroup play(Generator policy, long seed, Talk talk) {
    SamplingParams sampling = SamplingParams.defaults().withN(2).withMaxTokens(16).withSeed(seed);
    return EnvironmentRollout.of(FORMAT, Budget.defaults())
        .play(new Problem("", "", 0), () -> talk, policy, sampling, UnaryOperator.identity());
  }

  private static final Talk QUIET = new Talk(-1, () -> {});

  private static List<List<Integer>> tokens(ScoredGroup group) {
    return group.episodes().stream()
        .map(episode -> IntStream.of(episode.branches().getFirst().tokens()).boxed().toList())
        .toList();
  }

  private static long reused(OwnedService<GeneratorActor> engines) {
    return engines.gather(GeneratorActor::activity).stream()
        .mapToLong(activity -> activity.cache().reusedTokens())
        .sum();
  }

  @Test
  void theTurnsOfAConversationFindTheirTokensInOneCache() {
    OwnedService<GeneratorActor> engines = engines();
    Generator keyed = RoutedGenerators.of(engines);
    ScoredGroup together = play(keyed, 5, QUIET);
    long near = reused(engines);
    // The same with a generator that does not know of conversations: each call goes anywhere.
    Generator scattered = engines.route();
    ScoredGroup apart = play(scattered, 6, QUIET);
    long far = reused(engines);
    long all =
        together.episodes().stream()
            .mapToLong(episode -> episode.branches().getFirst().tokens().length)
            .sum();
    assertThat(near).as("of %d tokens, %d where calls go anywhere", all, far).isGreaterThan(far);
    // Each turn computes what came since the one before, and what does not fill a block.
    assertThat(near).isGreaterThan(2L * (TURNS - 1) * REPLY);
    assertThat(tokens(play(keyed, 6, QUIET))).isEqualTo(tokens(apart));
  }

  @Test
  void aConversationWhoseReplicaIsLostContinuesWithTheSameTokens() {
    OwnedService<GeneratorActor> engines = engines();
    Generator keyed = RoutedGenerators.of(engines);
    List<List<Integer>> expected = tokens(play(keyed, 5, QUIET));
    AtomicInteger losses = new AtomicInteger();
    Talk losing =
        new Talk(
            1,
            () -> {
              if (losses.getAndIncrement() == 0) {
                Engine.LOSS_OF_LAST.get().run();
              }
            });
    assertThat(tokens(play(keyed, 5, losing))).isEqualTo(expected);
    assertThat(losses).hasValue(2);
    assertThat(engines.replicas())
        .extracting(ReplicaStatus::reason)
        .anySatisfy(reason -> assertThat(reason).contains("told to die"));
  }

  @Test
  void conversationsAreSpreadOverTheReplicas() {
    OwnedService<GeneratorActor> engines = engines();
    Generator keyed = RoutedGenerators.of(engines);
    for (int seed = 0; seed < 4; seed++) {
      play(keyed, seed, QUIET);
    }
    assertThat(engines.metrics().replicas())
        .extracting(replica -> replica.requests())
        .allSatisfy(
            requests -> assertThat(requests).isGreaterThanOrEqualTo(2L * (1 + 2 * (TURNS - 1))));
  }
}
