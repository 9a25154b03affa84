package dev.burnish.bench;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.Request;
import dev.burnish.engine.RequestListener;
import dev.burnish.engine.Ticket;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.rollout.Priority;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/// Batches of prompts, each continued by the same number of tokens; nothing is guessed, since what
/// one run said would be a perfect guess for the next.
///
/// @param newTokens of every sequence: the tokens that end one are never drawn
record GenerateWorkload(Options options, List<Batch> batches, int newTokens, int runs)
    implements Workload {
  /// Samples of different prompts.
  ///
  /// @param samples of each prompt
  record Batch(int prompts, int samples) {
    static Batch of(int prompts) {
      return new Batch(prompts, 1);
    }

    int sequences() {
      return prompts * samples;
    }

    @Override
    public String toString() {
      return samples == 1 ? "" + prompts : prompts + " x " + samples;
    }
  }

  /// Prompts whose first tokens are timed.
  static final int FIRST_TOKENS = 5;

  /// Samples that run while they are.
  static final int OTHERS = 32;

  /// Sequences of a batch whose one run is long enough to warm up.
  private static final int LARGE = 16;

  private static final EngineSettings SETTINGS =
      EngineSettings.defaults().withDrafting(EngineSettings.Drafting.NONE);

  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    int most = batches.stream().mapToInt(Batch::prompts).max().orElseThrow();
    try (Subject subject = Subject.load(options, Math.max(most, OTHERS) + 2 * FIRST_TOKENS)) {
      double parameters = subject.model().decoder().numParameters();
      BatchGenerator generator = generator(subject, WeightFormat.F32);
      for (Batch batch : batches) {
        new Measured(subject, parameters, batch).into(values, generator);
      }
      for (WeightFormat format : List.of(WeightFormat.BF16, WeightFormat.INT8)) {
        values.putAll(ofFormat(subject, generator, format));
      }
      try (QueuedGenerator served =
          QueuedGenerator.over(subject.model(), PromptEncoder.tokensOnly(), SETTINGS)) {
        FirstToken first = new FirstToken(served, subject);
        values.put("first token alone", first.seconds(0, OTHERS));
        values.put("first token among", first.seconds(OTHERS, OTHERS + FIRST_TOKENS));
      }
      return new Figures(subject.label(), values);
    }
  }

  private static BatchGenerator generator(Subject subject, WeightFormat format) {
    return new BatchGenerator(
        subject.model(), PromptEncoder.tokensOnly(), SETTINGS.withWeights(format));
  }

  /// Few sequences with weights in a format, by turns with the weights as they are.
  private Map<String, List<Double>> ofFormat(
      Subject subject, BatchGenerator exact, WeightFormat format) {
    Map<String, List<Double>> values = new TreeMap<>();
    BatchGenerator generator = generator(subject, format);
    for (Batch batch : small()) {
      List<Prompt> prompts = prompts(subject, 0, batch.prompts());
      SamplingParams params = sampling(subject, 1, newTokens);
      List<Double> ours = new ArrayList<>();
      List<Double> f32 = new ArrayList<>();
      generator.generateAll(prompts, params);
      for (int run = 0; run < runs; run++) {
        ours.addAll(Timing.seconds(0, 1, () -> generator.generateAll(prompts, params)));
        f32.addAll(Timing.seconds(0, 1, () -> exact.generateAll(prompts, params)));
      }
      values.put("seconds %s %s".formatted(format, batch), ours);
      values.put("seconds beside %s %s".formatted(format, batch), f32);
    }
    return values;
  }

  /// The batches that are also measured with weights in other formats.
  List<Batch> small() {
    return batches.stream()
        .filter(batch -> batch.samples() == 1 && batch.prompts() <= OTHERS)
        .toList();
  }

  /// One batch. Its limits are sampled before, between and after its runs: the speed of a shared
  /// machine changes from minute to minute, and both are to see the same one.
  private final class Measured {
    private final Subject subject;
    private final double parameters;
    private final Batch batch;
    private final double rows;
    private final List<Double> limits = new ArrayList<>();
    private final List<Double> prefillLimits = new ArrayList<>();

    Measured(Subject subject, double parameters, Batch batch) {
      this.subject = subject;
      this.parameters = parameters;
      this.batch = batch;
      this.rows =
          subject.prompts().stream().limit(batch.prompts()).mapToInt(ids -> ids.length).sum();
    }

    void into(Map<String, List<Double>> values, BatchGenerator generator) {
      List<Prompt> prompts = prompts(subject, 0, batch.prompts());
      SamplingParams params = sampling(subject, batch.samples(), newTokens);
      Runnable whole = () -> generator.generateAll(prompts, params);
      Runnable prefill = () -> generator.generateAll(prompts, one(subject));
      Timing.seconds(batch.sequences() < LARGE ? 2 : 1, 0, whole);
      List<Double> seconds = new ArrayList<>();
      List<Double> prefillSeconds = new ArrayList<>();
      sample();
      for (int i = 0; i < runs; i++) {
        seconds.addAll(Timing.seconds(0, 1, whole));
        prefillSeconds.addAll(Timing.seconds(0, 1, prefill));
        sample();
      }
      values.put("seconds " + batch, seconds);
      values.put("limit " + batch, limits);
      if (batch.samples() == 1) {
        values.put("prefill " + batch, prefillSeconds);
        values.put("prefill limit " + batch, prefillLimits);
        values.put("prompt tokens " + batch, List.of(rows));
      }
    }

    private void sample() {
      double product = Sgemm.sample(options.scale()) / (2 * parameters);
      double read = Bandwidth.floor(options.scale()) / (4 * parameters);
      prefillLimits.add(rows / product);
      limits.add(rows / product + newTokens * Math.max(1 / read, batch.sequences() / product));
    }
  }

  private static SamplingParams one(Subject subject) {
    return sampling(subject, 1, 1);
  }

  /// The prompts `[from, to)` of the subject.
  static List<Prompt> prompts(Subject subject, int from, int to) {
    return subject.prompts().subList(from, to).stream().map(Prompt::tokens).toList();
  }

  /// Sampling that never ends before the last token.
  static SamplingParams sampling(Subject subject, int samples, int newTokens) {
    return SamplingParams.defaults()
        .withN(samples)
        .withMaxTokens(newTokens)
        .withSuppressed(Arrays.stream(subject.model().endTokens()).boxed().toList())
        .withSeed(1);
  }

  /// Seconds until the first token of a prompt, while other samples run.
  private record FirstToken(QueuedGenerator generator, Subject subject) {
    /// @param others samples that run meanwhile
    /// @param from the first of the subject's prompts that nothing has used yet
    List<Double> seconds(int others, int from) {
      int most = subject.model().decoder().shape().maxPositions() / 2;
      CountDownLatch running = new CountDownLatch(others);
      List<Ticket> tickets = new ArrayList<>();
      for (int i = 0; i < others; i++) {
        CountDownLatch first = new CountDownLatch(1);
        Request endless = Request.of(subject.prompts().get(i), sampling(subject, 1, most));
        tickets.add(
            generator.submit(
                endless,
                _ -> {
                  if (first.getCount() > 0) {
                    first.countDown();
                    running.countDown();
                  }
                }));
      }
      try {
        running.await();
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < FIRST_TOKENS; i++) {
          seconds.add(seconds(subject.prompts().get(from + i)));
        }
        return seconds;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while samples begin: others=" + others, e);
      } finally {
        tickets.forEach(Ticket::abort);
      }
    }

    private double seconds(int[] prompt) {
      Request request =
          Request.of(prompt, sampling(subject, 1, 1)).withPriority(Priority.INTERACTIVE);
      long start = System.nanoTime();
      generator.submit(request, RequestListener.NONE).await();
      return (System.nanoTime() - start) / 1e9;
    }
  }
}
