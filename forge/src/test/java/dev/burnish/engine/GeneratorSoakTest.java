package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Scope;
import dev.burnish.host.ResidentMemory;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Priority;
import dev.burnish.rollout.SamplingParams;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A generator under requests of all lengths from many callers, of which many are aborted, while
/// new versions of the weights come. `-Dburnish.soak=20000` is the long form, with completions of
/// up to 2 000 tokens; it prints the figures.
class GeneratorSoakTest {
  private static final long SEED = Long.getLong("burnish.seed", 0);
  private static final int REQUESTS = Integer.getInteger("burnish.soak", 400);
  private static final int LONG_FORM = 4_000;
  private static final int MOST_TOKENS = Math.min(2_000, REQUESTS / 2);
  private static final int CALLERS = 96;
  private static final int RUNNING = 64;

  /// Steps for all requests that may be before one, of two samples each, eight at a time.
  private static final long LONGEST_WAIT = 2L * CALLERS * MOST_TOKENS / 8;

  private static final long MEBI = 1 << 20;

  /// Requests between two versions.
  private static final int PER_VERSION = Math.max(20, REQUESTS / 100);

  private final List<LanguageModel> models =
      IntStream.range(0, 2)
          .mapToObj(seed ->
              LanguageModel.random(
                  new LlamaConfig(24, 16, 32, 2, 4, 4, 4_096, 10_000, 0.3, 1).toJson(), seed))
          .toList();
  private final PublishedVersions published = new PublishedVersions();
  private final List<Memory> memory = new CopyOnWriteArrayList<>();
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong longestWait = new AtomicLong();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger aborted = new AtomicInteger();

  @AfterEach
  void close() {
    assertThat(published.numOpen()).isZero();
    models.forEach(LanguageModel::close);
    published.close();
  }

  /// A request, and after how many of its tokens it is aborted.
  private record Plan(Request request, int abortAfter) {
    static Plan of(int number) {
      Random random = new Random(number + SEED);
      int[] prompt = random.ints(1 + random.nextInt(120), 2, 24).toArray();
      if (number % 3 == 0) {
        Arrays.fill(prompt, 0, prompt.length / 2, 7);
      }
      SamplingParams params =
          SamplingParams.defaults()
              .withN(1 + random.nextInt(2))
              .withMaxTokens((int) Math.exp(random.nextDouble() * Math.log(MOST_TOKENS)))
              .withEnd(SamplingParams.Stop.AtEnd.CONTINUE)
              .withPriority(Priority.ofRank(random.nextInt(3)))
              .withSeed(number);
      int abortAfter =
          random.nextInt(3) == 0 ? random.nextInt(params.maxTokens()) : Integer.MAX_VALUE;
      return new Plan(Request.of(prompt, params), abortAfter);
    }
  }

  /// Aborts a request at a token of its first sample, and keeps how long it waited for that.
  private final class Follower implements RequestListener {
    private final long submitted = steps.get();
    private final int abortAfter;
    private final AtomicInteger tokens = new AtomicInteger();
    private volatile Optional<Ticket> ticket = Optional.empty();

    Follower(int abortAfter) {
      this.abortAfter = abortAfter;
    }

    @Override
    public void token(SampledToken token) {
      if (token.sample() != 0) {
        return;
      }
      if (tokens.incrementAndGet() == 1) {
        longestWait.accumulateAndGet(steps.get() - submitted, Math::max);
      }
      if (tokens.get() >= abortAfter) {
        ticket.ifPresent(Ticket::requestAbort);
      }
    }
  }

  private void call(QueuedGenerator generator) {
    for (int number = next.getAndIncrement(); number < REQUESTS; number = next.getAndIncrement()) {
      Plan plan = Plan.of(number);
      Follower follower = new Follower(plan.abortAfter());
      Ticket ticket = generator.submit(plan.request(), follower);
      follower.ticket = Optional.of(ticket);
      Group group = plan.abortAfter() == 0 ? ticket.abort() : ticket.await();
      if (plan.abortAfter() == Integer.MAX_VALUE) {
        assertThat(group.completions())
            .allSatisfy(
                each -> assertThat(each.tokens()).hasSize(plan.request().sampling().maxTokens()));
      } else {
        aborted.incrementAndGet();
      }
      follow(generator, ended.incrementAndGet());
    }
  }

  /// Measures at each quarter, and brings new weights now and then.
  private void follow(QueuedGenerator generator, int count) {
    if (count % (REQUESTS / 4) == 0) {
      memory.add(Memory.now());
    }
    if (count % PER_VERSION == 0) {
      int version = count / PER_VERSION;
      WeightUpdate update = version % 5 == 0 ? WeightUpdate.RECOMPUTE : WeightUpdate.KEEP;
      generator.updateWeights(version % 2, update);
    }
  }

  @Test
  void everyBlockComesBackNothingGrowsAndNobodyWaitsForTooLong() throws Exception {
    for (int version = 0; version < models.size(); version++) {
      published.publish(version, models.get(version).decoder().weights());
    }
    EngineSettings settings =
        EngineSettings.defaults()
            .withMaxSequences(RUNNING)
            .withTokenBudget(128)
            .withLongestWait(2)
            .withCacheBytes(MEBI);
    long start = System.nanoTime();
    try (QueuedGenerator generator =
        QueuedGenerator.of(
            models.getFirst().spec(),
            PromptEncoder.tokensOnly(),
            new QueuedGenerator.Sources(Optional.empty(), published),
            settings,
            Extensions.none().withObserver(_ -> steps.incrementAndGet()))) {
      try (Scope scope = Scope.open()) {
        for (int caller = 0; caller < CALLERS; caller++) {
          scope.fork(
              "caller-" + caller,
              () -> {
                call(generator);
                return true;
              });
        }
        scope.join();
      }
      EngineStats stats = generator.stats();
      assertThat(stats.load().usedTokens()).isZero();
      assertThat(stats.load().running() + stats.load().waiting()).isZero();
      assertThat(ended).hasValue(REQUESTS);
      assertThat(aborted).hasValueGreaterThan(REQUESTS / 5);
      assertThat(stats.totals().preemptions()).isPositive();
      assertThat(longestWait).hasPositiveValue().hasValueLessThan(LONGEST_WAIT);
      assertThat(memory).hasSize(4);
      assertThat(memory.getLast().heap() - memory.getFirst().heap()).isLessThan(32 * MEBI);
      if (REQUESTS >= LONG_FORM) {
        assertThat(memory.getLast().resident() - memory.get(1).resident()).isLessThan(64 * MEBI);
        System.out.printf(
            "%d requests (%d aborted, longest %d) in %.0f s; %s; longest wait %d of %d steps; memory at each quarter: %s%n",
            REQUESTS,
            aborted.get(),
            MOST_TOKENS,
            (System.nanoTime() - start) / 1e9,
            stats.totals(),
            longestWait.get(),
            steps.get(),
            memory);
      }
    }
  }

  /// Bytes of the heap after a collection, and of the process.
  private record Memory(long heap, long resident) {
    static Memory now() {
      System.gc();
      return new Memory(
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
          ResidentMemory.now().orElse(0));
    }
  }
}
