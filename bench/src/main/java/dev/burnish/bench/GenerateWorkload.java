package dev.burnish.bench;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.Request;
import dev.burnish.engine.RequestListener;
import dev.burnish.engine.Ticket;
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

/// Batches of different prompts, each continued by the same number of tokens.
///
/// @param sequences sizes of the batches
/// @param newTokens of every sequence: the tokens that end one are never drawn
record GenerateWorkload(Options options, List<Integer> sequences, int newTokens, int runs)
    implements Workload {
  /// Prompts whose first tokens are timed.
  static final int FIRST_TOKENS = 5;

  @Override
  public Figures measure() {
    Map<String, List<Double>> values = new TreeMap<>();
    int most = sequences.stream().mapToInt(Integer::intValue).max().orElseThrow();
    try (Subject subject = Subject.load(options, most + 2 * FIRST_TOKENS)) {
      BatchGenerator generator = new BatchGenerator(subject.model(), PromptEncoder.tokensOnly());
      SamplingParams params = sampling(subject, 1, newTokens);
      List<Double> sgemm = new ArrayList<>();
      List<Double> bandwidth = new ArrayList<>();
      for (int count : sequences) {
        List<Prompt> prompts = prompts(subject, 0, count);
        values.put(
            "seconds " + count,
            Timing.seconds(1, runs, () -> generator.generateAll(prompts, params)));
        sgemm.add(Sgemm.sample(options.scale()));
        bandwidth.add(Bandwidth.floor(options.scale()));
      }
      values.put("parameters", List.of((double) subject.model().decoder().numParameters()));
      values.put("sgemm", sgemm);
      values.put("bandwidth", bandwidth);
      try (QueuedGenerator served =
          QueuedGenerator.over(
              subject.model(),
              PromptEncoder.tokensOnly(),
              EngineSettings.defaults().withDrafting(EngineSettings.Drafting.NONE))) {
        FirstToken first = new FirstToken(served, subject);
        values.put("first token alone", first.seconds(0, most));
        values.put("first token among", first.seconds(most, most + FIRST_TOKENS));
      }
      return new Figures(subject.label(), values);
    }
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
