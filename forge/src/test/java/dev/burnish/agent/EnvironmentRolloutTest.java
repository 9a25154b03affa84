package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.VersionRange;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EnvironmentRolloutTest {
  private static final CharacterTokenizer DIGITS = CharacterTokenizer.of("0123456789?");
  private static final ChatFormat FORMAT =
      new ChatFormat(
          DIGITS,
          ChatTemplate.of(
              "{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}<|end|>{% endif %}{% endfor %}"),
          ChatOptions.defaults());
  private static final Problem PROBLEM = new Problem("count", "", 3);
  private static final EnvironmentRollout ROLLOUT =
      EnvironmentRollout.of(FORMAT, Budget.defaults().withTurns(3));

  /// Says the index of the sample, or whatever a function of the prompt's length says.
  private static final class Digits implements Generator {
    private final IntUnaryOperator digit;
    private final List<List<Integer>> prompts = Collections.synchronizedList(new ArrayList<>());

    Digits(IntUnaryOperator digit) {
      this.digit = digit;
    }

    @Override
    public Group generate(Prompt prompt, SamplingParams sampling, VersionRange versions) {
      int[] ids = ((Prompt.Tokens) prompt).ids();
      prompts.add(IntStream.of(ids).boxed().toList());
      return new Group(
          ids,
          IntStream.range(0, sampling.n())
              .mapToObj(i -> said(digit.applyAsInt(ids.length) + i))
              .toList());
    }

    private static Completion said(int digit) {
      int[] tokens = DIGITS.encode(digit % 10 + "<|end|>");
      return new Completion(
          tokens,
          new float[tokens.length],
          TokenVersions.of(4, tokens.length),
          "" + digit % 10,
          FinishReason.STOP);
    }

    @Override
    public List<Group> generateAll(
        List<Prompt> prompts, SamplingParams sampling, VersionRange versions) {
      throw new UnsupportedOperationException("one by one");
    }

    @Override
    public List<Score> score(List<Continuation> continuations, VersionRange versions) {
      throw new UnsupportedOperationException("no scores");
    }

    @Override
    public long updateWeights(long version) {
      return version;
    }

    @Override
    public long version() {
      return 4;
    }
  }

  /// Rewards each digit by its value, asks again, and is over after a number of turns.
  private static class Counting implements Environment {
    private final int turns;

    Counting(int turns) {
      this.turns = turns;
    }

    @Override
    public Observation reset(long seed) {
      return Observation.user("?");
    }

    @Override
    public Step step(Action action) {
      int value = Integer.parseInt(action.text());
      return action.turn() + 1 == turns
          ? Step.over(value)
          : new Step.Next(Observation.user("?" + action.turn()), value);
    }

    @Override
    public double truncated() {
      return -100;
    }
  }

  private static SamplingParams samples(int n) {
    return SamplingParams.defaults().withN(n).withMaxTokens(2).withSeed(5);
  }

  private static ScoredGroup play(EnvironmentRollout.Factory environments, int n) {
    return ROLLOUT.play(
        PROBLEM, environments, new Digits(_ -> 1), samples(n), UnaryOperator.identity());
  }

  @Test
  void aGroupHasTheTokensThatWereReadAndSampled() {
    Digits policy = new Digits(_ -> 1);
    ScoredGroup group =
        ROLLOUT.play(PROBLEM, () -> new Counting(2), policy, samples(2), UnaryOperator.identity());
    assertThat(group.rewards()).containsExactly(1 + 1, 2 + 1);
    List<int[]> whole =
        group.episodes().stream().map(episode -> episode.branches().getFirst().tokens()).toList();
    assertThat(whole.get(0)).containsExactly(DIGITS.encode("?1<|end|>?01<|end|>"));
    assertThat(whole.get(1)).containsExactly(DIGITS.encode("?2<|end|>?01<|end|>"));
    assertThat(group.episodes().get(1).sampled())
        .allSatisfy(sampled -> assertThat(sampled.advantages()).containsOnly(3));
    // The first answers of all episodes are one call.
    assertThat(policy.prompts).hasSize(3);
    assertThat(policy.prompts.getFirst()).hasSize(1);
  }

  @Test
  void creditByTurnsGivesEachAnswerItsOwn() {
    ScoredGroup group =
        ROLLOUT
            .withCredit(Credit.ofTurns(1))
            .play(
                PROBLEM,
                () -> new Counting(2),
                new Digits(_ -> 1),
                samples(2),
                UnaryOperator.identity());
    List<Episode> episodes = group.episodes();
    assertThat(episodes.get(1).sampled().get(0).advantages()).containsOnly(3);
    assertThat(episodes.get(1).sampled().get(1).advantages()).containsOnly(1);
  }

  @Test
  void turnsAndTokensThatAreUsedUpEndAnEpisode() {
    assertThat(play(() -> new Counting(100), 2).rewards()).containsExactly(3 - 100, 4 - 100);
    EnvironmentRollout small =
        EnvironmentRollout.of(FORMAT, Budget.defaults().withTurns(100).withTokens(8));
    // "?1<|end|>?01<|end|>?1" leaves no room: two turns.
    assertThat(
            small
                .play(
                    PROBLEM,
                    () -> new Counting(100),
                    new Digits(_ -> 1),
                    samples(2),
                    UnaryOperator.identity())
                .rewards())
        .containsExactly(2 - 100, 3 - 100);
  }

  @Test
  void anEnvironmentThatFailsIsLeftOutAndNeverAZero() {
    AtomicInteger made = new AtomicInteger();
    AtomicInteger closed = new AtomicInteger();
    ScoredGroup group =
        play(
            () ->
                new Counting(2) {
                  private final boolean fails = made.getAndIncrement() == 1;

                  @Override
                  public Step step(Action action) {
                    if (fails) {
                      throw new IllegalStateException("the tool broke");
                    }
                    return super.step(action);
                  }

                  @Override
                  public void close() {
                    closed.incrementAndGet();
                  }
                },
            3);
    assertThat(group.episodes()).hasSize(2);
    assertThat(group.rewards()).doesNotContain(0);
    assertThat(closed).hasValue(3);
  }

  @Test
  void tooFewEpisodesAreAFailureOfTheEnvironment() {
    assertThatThrownBy(() ->
            play(
                () ->
                    new Counting(2) {
                      @Override
                      public Observation reset(long seed) {
                        throw new IllegalStateException("no sandbox");
                      }
                    },
                3))
        .isInstanceOf(EnvironmentFailed.class)
        .hasMessageContaining("problem=3 episode=0")
        .hasMessageContaining("no sandbox");
    assertThatThrownBy(() -> play(() -> new Counting(2), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("n=1 least=2");
  }

  @Test
  void anEnvironmentThatHangsTimesOutAlone() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    AtomicInteger made = new AtomicInteger();
    EnvironmentRollout brief =
        EnvironmentRollout.of(FORMAT, Budget.defaults().withTime(Duration.ofMillis(500)));
    ScoredGroup group =
        brief.play(
            PROBLEM,
            () ->
                new Counting(2) {
                  private final boolean hangs = made.getAndIncrement() == 0;

                  @Override
                  public Step step(Action action) {
                    if (hangs) {
                      try {
                        new CountDownLatch(1).await();
                      } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw new IllegalStateException(e);
                      }
                    }
                    return super.step(action);
                  }
                },
            new Digits(_ -> 1),
            samples(3),
            UnaryOperator.identity());
    assertThat(group.episodes()).hasSize(2);
    interrupted.await();
  }

  @Test
  void aGeneratorThatFailsFailsTheGroup() {
    Digits broken =
        new Digits(length -> {
          if (length > 3) {
            throw new IllegalStateException("out of memory");
          }
          return 1;
        });
    assertThatThrownBy(() ->
            ROLLOUT.play(
                PROBLEM, () -> new Counting(2), broken, samples(2), UnaryOperator.identity()))
        .isInstanceOf(GenerationFailed.class)
        .hasMessageContaining("turn=1")
        .hasMessageContaining("out of memory");
  }

  @Test
  void episodesThatBeginDifferentlyAreRefused() {
    AtomicInteger made = new AtomicInteger();
    assertThatThrownBy(() ->
            play(
                () ->
                    new Counting(2) {
                      @Override
                      public Observation reset(long seed) {
                        return Observation.user("" + made.getAndIncrement());
                      }
                    },
                2))
        .isInstanceOf(EnvironmentFailed.class)
        .hasMessageContaining("must begin alike");
  }

  @Test
  void theSeedDecidesTheTask() {
    List<Long> seeds = Collections.synchronizedList(new ArrayList<>());
    EnvironmentRollout.Factory seeing =
        () ->
            new Counting(1) {
              @Override
              public Observation reset(long seed) {
                seeds.add(seed);
                return super.reset(seed);
              }
            };
    play(seeing, 2);
    play(seeing, 2);
    ROLLOUT.play(
        PROBLEM, seeing, new Digits(_ -> 1), samples(2).withSeed(6), UnaryOperator.identity());
    assertThat(seeds.subList(0, 4)).containsOnly(seeds.getFirst());
    assertThat(seeds.subList(4, 6)).containsOnly(seeds.getLast());
    assertThat(seeds.getLast()).isNotEqualTo(seeds.getFirst());
  }

  @Test
  void hundredsPlayAtOnce() {
    int many = 300;
    CountDownLatch together = new CountDownLatch(many);
    ScoredGroup group =
        ROLLOUT.play(
            PROBLEM,
            () ->
                new Counting(1) {
                  @Override
                  public Step step(Action action) {
                    together.countDown();
                    try {
                      together.await(); // each waits for all the others
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                    return super.step(action);
                  }
                },
            new Digits(_ -> 1),
            samples(many),
            UnaryOperator.identity());
    assertThat(group.episodes()).hasSize(many);
  }

  @Test
  void aCallerThatIsInterruptedEndsItsEpisodes() throws Exception {
    CountDownLatch begun = new CountDownLatch(2);
    CountDownLatch ended = new CountDownLatch(2);
    AtomicInteger cancelled = new AtomicInteger();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                play(
                    () ->
                        new Counting(2) {
                          @Override
                          public Step step(Action action) {
                            begun.countDown();
                            try {
                              new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                              ended.countDown();
                            }
                            return super.step(action);
                          }
                        },
                    2);
              } catch (CancellationException e) {
                cancelled.incrementAndGet();
              }
            });
    begun.await();
    caller.interrupt();
    ended.await();
    caller.join();
    assertThat(cancelled).hasValue(1);
  }
}
