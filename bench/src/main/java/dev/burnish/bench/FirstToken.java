package dev.burnish.bench;

import dev.burnish.engine.Priority;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.engine.Request;
import dev.burnish.engine.RequestListener;
import dev.burnish.engine.Ticket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Seconds until the first token of a prompt, while other samples run.
record FirstToken(QueuedGenerator generator, Subject subject) {
  /// @param others samples that run meanwhile
  /// @param from the first of the subject's prompts that nothing has used yet
  List<Double> seconds(int others, int from) {
    int most = subject.model().decoder().shape().maxPositions() / 2;
    CountDownLatch running = new CountDownLatch(others);
    List<Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < others; i++) {
      CountDownLatch first = new CountDownLatch(1);
      Request endless =
          Request.of(subject.prompts().get(i), GenerateWorkload.sampling(subject, 1, most));
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
      for (int i = 0; i < GenerateWorkload.FIRST_TOKENS; i++) {
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
        Request.of(prompt, GenerateWorkload.sampling(subject, 1, 1))
            .withPriority(Priority.INTERACTIVE);
    long start = System.nanoTime();
    generator.submit(request, RequestListener.NONE).await();
    return (System.nanoTime() - start) / 1e9;
  }
}
