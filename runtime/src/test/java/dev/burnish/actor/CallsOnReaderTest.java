package dev.burnish.actor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Short calls run on the thread that reads their connection; a call that turns out to be long or
/// to wait does not block the connection.
@Timeout(120)
class CallsOnReaderTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  /// The work of an actor, short until the test says otherwise.
  public interface Worker {
    /// Does the next action that the test has set; returns the name of its thread.
    String work();

    int add(int n);
  }

  private interface Thing {
    void run() throws InterruptedException;
  }

  private final class WorkingActor implements Worker {
    private int sum;

    @Override
    public String work() {
      String thread = Thread.currentThread().getName();
      try {
        next.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CallCancelled("interrupted");
      }
      return thread;
    }

    @Override
    public int add(int n) {
      sum += n;
      return sum;
    }
  }

  @TempDir private Path folder = Path.of("");
  private volatile Thing next = () -> {};
  private ActorSystem near;
  private ActorSystem far;
  private Worker worker;
  private Worker other;

  private ActorSystem system(String name) {
    try {
      return new ActorSystem(
          new ActorSystem.Parts(
              SocketNetwork.open(
                  name, "host", folder, Limits.defaults().maxBytes(), Optional.empty()),
              new byte[] {1},
              Clock.system(),
              ActorSystem.Threads.virtual(),
              CallsOnReaderTest.class.getClassLoader(),
              new Codecs(List.of(), Limits.defaults()),
              Optional.empty()),
          ActorSystemSettings.defaults());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Worker serve(String name) {
    ActorRef ref = far.serve(name, Worker.class, new WorkingActor());
    return near.stub(Worker.class, Stub.Target.of(name, ref), SOON);
  }

  @BeforeEach
  void open() {
    near = system("near");
    far = system("far");
    worker = serve("worker");
    other = serve("other");
    untilShort();
  }

  /// Until its calls are known to be short.
  private void untilShort() {
    while (!isOnReader(worker.work())) {
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void close() {
    near.close();
    far.close();
  }

  private static boolean isOnReader(String thread) {
    return thread.endsWith("/reader");
  }

  private static Thread start(Runnable work) {
    return Thread.ofVirtual().start(work);
  }

  /// Repeats a scenario until its call was run where it should be: a machine that stalls makes
  /// calls long for a while.
  private void onReader(Scenario scenario) throws Exception {
    for (int i = 0; i < 50; i++) {
      String thread = scenario.play();
      next = () -> {};
      if (isOnReader(thread)) {
        return;
      }
      untilShort();
    }
    fail("no call was run by the thread that reads");
  }

  private interface Scenario {
    /// Returns the name of the thread that ran the call.
    String play() throws Exception;
  }

  private CompletableFuture<String> work() {
    CompletableFuture<String> result = new CompletableFuture<>();
    start(() -> {
      try {
        result.complete(worker.work());
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
    });
    return result;
  }

  @Test
  void aCallThatTakesLongDoesNotKeepTheConnection() throws Exception {
    onReader(() -> {
      CountDownLatch runs = new CountDownLatch(1);
      CountDownLatch released = new CountDownLatch(1);
      next =
          () -> {
            runs.countDown();
            released.await();
          };
      CompletableFuture<String> call = work();
      runs.await();
      int before = other.add(3);
      Thread queued = start(() -> worker.add(1));
      assertThat(other.add(4)).isEqualTo(before + 4);
      released.countDown();
      queued.join();
      return call.get();
    });
    assertThat(worker.add(1)).isGreaterThan(1);
  }

  @Test
  void aCallThatTakesLongIsCancelled() throws Exception {
    onReader(() -> {
      CompletableFuture<String> ran = new CompletableFuture<>();
      CountDownLatch runs = new CountDownLatch(1);
      next =
          () -> {
            runs.countDown();
            try {
              new CountDownLatch(1).await();
            } finally {
              ran.complete(Thread.currentThread().getName());
            }
          };
      CompletableFuture<Thread> caller = new CompletableFuture<>();
      CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
      start(() -> {
        caller.complete(Thread.currentThread());
        try {
          worker.work();
          cancelled.complete(false);
        } catch (CallCancelled e) {
          cancelled.complete(true);
        }
      });
      runs.await();
      caller.get().interrupt();
      assertThat(cancelled.get()).isTrue();
      return ran.get();
    });
    assertThat(worker.add(2)).isEqualTo(2);
  }

  /// The answer comes over the connection that the call came from.
  @Test
  void aCallMayCallBack() throws Exception {
    AtomicInteger sum = new AtomicInteger();
    ActorRef home = near.serve("home", Worker.class, new WorkingActor());
    Worker back = far.stub(Worker.class, Stub.Target.of("home", home), SOON);
    onReader(() -> {
      next = () -> sum.set(back.add(5));
      return worker.work();
    });
    assertThat(sum.get()).isPositive();
    assertThat(other.add(1)).isEqualTo(1);
  }

  @Test
  void aCallMayWaitForAnotherOfItsActor() throws Exception {
    onReader(() -> {
      AtomicBoolean told = new AtomicBoolean();
      CountDownLatch waits = new CountDownLatch(1);
      next =
          () ->
              Context.await(() -> {
                waits.countDown();
                return told.get();
              });
      CompletableFuture<String> call = work();
      waits.await();
      next = () -> told.set(true);
      worker.work();
      return call.get();
    });
  }

  @Test
  void callsOfOneCallerKeepTheirOrder() throws Exception {
    List<Thread> callers =
        java.util.stream.IntStream.range(0, 4)
            .mapToObj(i ->
                start(() -> {
                  for (int n = 0; n < 2_000; n++) {
                    worker.add(1);
                  }
                }))
            .toList();
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(worker.add(0)).isEqualTo(8_000);
  }
}
