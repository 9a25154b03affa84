package dev.burnish.bench;

import dev.burnish.engine.EngineSettings;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.Request;
import dev.burnish.engine.RequestListener;
import dev.burnish.engine.Ticket;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Samples of prompts, some of each, whose lengths have a long tail as in a GRPO run: served as
/// they come, and batch by batch, where the next batch begins when all of one are done.
///
/// @param concurrent most samples at the same time, and those of a batch
record TraceWorkload(Options options, int prompts, int samples, int concurrent)
    implements Workload {
  private static final double MEDIAN = 24;
  private static final int SHORTEST = 4;
  private static final int LONGEST = 256;

  @Override
  public Figures measure() {
    try (Subject subject = Subject.load(options, prompts);
        QueuedGenerator generator =
            QueuedGenerator.over(
                subject.model(),
                PromptEncoder.tokensOnly(),
                EngineSettings.defaults().withMaxSequences(concurrent))) {
      List<Request> requests = requests(subject);
      double tokens = requests.stream().mapToInt(request -> request.sampling().maxTokens()).sum();
      run(generator, requests.subList(0, Math.min(concurrent, requests.size())));
      List<Double> batches =
          Timing.seconds(
              0,
              1,
              () -> {
                for (int from = 0; from < requests.size(); from += concurrent) {
                  int to = Math.min(from + concurrent, requests.size());
                  run(generator, requests.subList(from, to));
                }
              });
      List<Double> continuous = Timing.seconds(0, 1, () -> run(generator, requests));
      return new Figures(
          subject.label(),
          Map.of("tokens", List.of(tokens), "batches", batches, "continuous", continuous));
    }
  }

  private List<Request> requests(Subject subject) {
    int longest = subject.model().decoder().shape().maxPositions() / 2;
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < prompts * samples; i++) {
      double length = MEDIAN * Math.exp(KeyedRandom.of(1, "length", i).nextGaussian());
      int tokens = (int) Math.clamp(length, SHORTEST, Math.min(LONGEST, longest));
      requests.add(
          Request.of(
                  subject.prompts().get(i / samples), GenerateWorkload.sampling(subject, 1, tokens))
              .withIndex(i));
    }
    return requests;
  }

  private static void run(QueuedGenerator generator, List<Request> requests) {
    List<Ticket> tickets =
        requests.stream().map(each -> generator.submit(each, RequestListener.NONE)).toList();
    tickets.forEach(Ticket::await);
  }
}
