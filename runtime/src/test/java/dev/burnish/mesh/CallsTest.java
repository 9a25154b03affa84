package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Factory;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.EndpointFailed;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Exceptions, interrupts and deadlines as callers of a mesh see them, over processes that are
/// threads.
@Timeout(60)
class CallsTest {
  /// Where calls of this JVM's actors wait, one test at a time.
  private static final BlockingQueue<Integer> WAITING = new LinkedBlockingQueue<>();

  /// A user-defined exception, with a value.
  static final class Rejected extends Exception {
    private static final long serialVersionUID = 1;

    private final int code;

    Rejected(int code, Throwable cause) {
      super("rejected: code=" + code, cause);
      this.code = code;
    }
  }

  /// Fails and waits.
  interface Trial {
    int read(String what) throws IOException, Rejected;

    void raise(String what);

    int undeclared();

    int value();

    int hang(int rank);

    int numInterrupts();

    Iterator<Integer> endless();
  }

  static final class TrialActor implements Trial {
    private int numInterrupts;

    TrialActor() {}

    @Override
    public int read(String what) throws IOException, Rejected {
      return switch (what) {
        case "missing" -> throw new java.io.FileNotFoundException("missing.txt");
        case "rejected" -> throw new Rejected(7, new IOException("why"));
        default -> what.length();
      };
    }

    @Override
    public void raise(String what) {
      switch (what) {
        case "unchecked" -> throw new UncheckedIOException(new IOException("disk"));
        case "assertion" -> throw new AssertionError("not so");
        case "deep" -> deep(1);
        default -> throw new NoClassDefFoundError(what);
      }
    }

    private static int deep(int n) {
      return n < 0 ? 0 : deep(n + 1) + n;
    }

    @Override
    public int undeclared() {
      TrialActor.<RuntimeException>sneaky(new Rejected(9, new IOException("hidden")));
      return 0;
    }

    @SuppressWarnings("unchecked") // to throw an undeclared exception
    private static <E extends Exception> void sneaky(Exception e) throws E {
      throw (E) e;
    }

    @Override
    public int value() {
      return 5;
    }

    @Override
    public int hang(int rank) {
      WAITING.add(rank);
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        numInterrupts++;
      }
      return rank;
    }

    @Override
    public int numInterrupts() {
      return numInterrupts;
    }

    @Override
    public Iterator<Integer> endless() {
      return IntStream.iterate(0, i -> i + 1).iterator();
    }
  }

  private final Job job =
      Job.start(
          JobOptions.named("test")
              .with(Processes.THREADS)
              .with(ActorSystemSettings.defaults().withTimeout(Duration.ofMinutes(1))));

  @BeforeEach
  void start() {
    WAITING.clear();
  }

  @AfterEach
  void close() {
    job.close();
  }

  private OwnedMesh<Trial> trials(int gpus) {
    return job.hosts()
        .spawnProcs(Map.of("gpus", gpus))
        .spawn("trials", Trial.class, TrialActor::new);
  }

  @Test
  void checkedExceptionsThatAreDeclaredAreCaughtAsTheyAreDeclared() throws Exception {
    Trial trial = trials(1).only();
    assertThat(trial.read("abc")).isEqualTo(3);
    try {
      trial.read("missing");
      throw new AssertionError("it is not there");
    } catch (IOException e) {
      assertThat(e).isExactlyInstanceOf(java.io.FileNotFoundException.class);
      assertThat(e).hasMessage("missing.txt");
      assertThat(e.getStackTrace()[0].getMethodName()).isEqualTo("read");
    }
    try {
      trial.read("rejected");
      throw new AssertionError("it is rejected");
    } catch (Rejected e) {
      assertThat(e.code).isEqualTo(7);
      assertThat(e).hasMessage("rejected: code=7").hasCauseExactlyInstanceOf(IOException.class);
    }
  }

  @Test
  void checkedExceptionsThatAreNotDeclaredAreTheCause() {
    assertThatThrownBy(() -> trials(1).only().undeclared())
        .isInstanceOf(EndpointFailed.class)
        .hasCauseInstanceOf(Rejected.class)
        .hasMessageContaining("rejected: code=9");
  }

  @Test
  void errorsArriveAndTheActorLives() {
    OwnedMesh<Trial> trials = trials(1);
    assertThatThrownBy(() -> trials.only().raise("assertion")).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> trials.only().raise("deep")).isInstanceOf(StackOverflowError.class);
    assertThatThrownBy(() ->
            trials.gather(t -> {
              t.raise("a/B");
              return 1;
            }))
        .isInstanceOf(NoClassDefFoundError.class)
        .hasMessage("a/B");
    assertThatThrownBy(() -> trials.only().raise("unchecked"))
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(trials.only().value()).isEqualTo(5);
  }

  /// The exception of a call that is interrupted once `numActors` actors run it, and whether the
  /// interrupt stays set.
  private static List<Object> interrupted(int numActors, Runnable call) throws Exception {
    BlockingQueue<List<Object>> ended = new LinkedBlockingQueue<>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                call.run();
                ended.add(List.of("returned"));
              } catch (Throwable e) {
                ended.add(List.of(e, Thread.currentThread().isInterrupted()));
              }
            });
    for (int i = 0; i < numActors; i++) {
      WAITING.take();
    }
    caller.interrupt();
    return ended.take();
  }

  private static void cancelsAll(OwnedMesh<Trial> trials, Runnable call) throws Exception {
    List<Object> ended = interrupted(trials.size(), call);
    assertThat(ended.getFirst()).isExactlyInstanceOf(CallCancelled.class);
    assertThat(ended.getLast()).as("the interrupt stays set").isEqualTo(true);
    assertThat(trials.gather(Trial::numInterrupts)).containsOnly(1);
  }

  @Test
  void anInterruptIsACancelFromWhicheverCall() throws Exception {
    OwnedMesh<Trial> one = trials(1);
    cancelsAll(one, () -> one.only().hang(0));
    OwnedMesh<Trial> gathered = trials(3);
    cancelsAll(gathered, () -> gathered.gather(Trial::hang));
    OwnedMesh<Trial> fanned = trials(3);
    cancelsAll(fanned, () -> fanned.fanout(t -> t.hang(0)));
    OwnedMesh<Trial> streamed = trials(3);
    cancelsAll(streamed, () -> streamed.stream(t -> t.hang(0)).forEach(reply -> {}));
  }

  @Test
  void theCancelledCallsOfAFailedGatherAreNoFailures() {
    OwnedMesh<Trial> trials = trials(3);
    assertThatThrownBy(() ->
            trials.gather((t, rank) -> {
              if (rank == 0) {
                for (int i = 1; i < 3; i++) {
                  take();
                }
                throw new IllegalStateException("first");
              }
              return t.hang(rank);
            }))
        .hasMessage("first")
        .hasNoSuppressedExceptions();
  }

  private static void take() {
    try {
      WAITING.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aStreamIsIteratedAsOftenAsOneLikes() {
    Iterable<Reply<Integer>> stream = trials(3).stream(Trial::value);
    for (int i = 0; i < 3; i++) {
      List<Integer> ranks = new ArrayList<>();
      stream.forEach(reply -> ranks.add(reply.rank() * 10 + reply.value()));
      assertThat(ranks).containsExactlyInAnyOrder(5, 15, 25);
    }
  }

  @Test
  void aStreamThrowsWhateverItsFunctionDoes() {
    OwnedMesh<Trial> trials = trials(2);
    assertThatThrownBy(() ->
            trials.<Integer>stream(
                    t -> {
                      throw new AssertionError("of the function");
                    })
                .forEach(reply -> {}))
        .isInstanceOf(AssertionError.class)
        .hasMessage("of the function");
  }

  private OwnedMesh<Trial> restarting() {
    RestartPolicy slow =
        new RestartPolicy.Backoff(
            Duration.ofMinutes(30), Duration.ofMinutes(30), 3, Duration.ofHours(1));
    OwnedMesh<Trial> trials =
        job.hosts()
            .spawnProcs(Map.of("procs", 1))
            .spawn(
                "trials",
                Trial.class,
                (Factory.Of0<Trial>) TrialActor::new,
                List.of(),
                ActorOptions.defaults().withRestart(slow));
    trials.broadcast(t -> t.raise("assertion"));
    return trials;
  }

  /// Calls until the loss of the actor is known; from then on calls wait for its restart.
  private static void call(Runnable call) {
    while (true) {
      try {
        call.run();
      } catch (ReplicaLost e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void deadlinesAreKeptWhileAnActorRestarts() {
    OwnedMesh<Trial> trials = restarting();
    ActorMesh<Trial> soon = trials.within(Duration.ofMillis(50));
    assertThatThrownBy(() -> call(() -> soon.only().value()))
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("trials[0]")
        .hasMessageContaining("being made");
    assertThatThrownBy(() -> soon.gather(Trial::value)).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> soon.fanout(Trial::value)).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> soon.broadcast(Trial::value)).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> soon.stream(Trial::value).forEach(reply -> {}))
        .isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> trials.probe(Duration.ofMillis(50))).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> trials.await(Duration.ofMillis(50))).isInstanceOf(CallTimedOut.class);
  }

  @Test
  void anInterruptWhileAnActorRestartsIsACancel() throws Exception {
    OwnedMesh<Trial> trials = restarting();
    ActorMesh<Trial> soon = trials.within(Duration.ofMillis(50));
    assertThatThrownBy(() -> call(() -> soon.only().value())).isInstanceOf(CallTimedOut.class);
    List<Object> ended = interrupted(0, () -> trials.only().value());
    assertThat(ended.getFirst()).isExactlyInstanceOf(CallCancelled.class);
    assertThat(ended.getLast()).isEqualTo(true);
    assertThat(interrupted(0, () -> trials.gather(Trial::value)).getFirst())
        .isExactlyInstanceOf(CallCancelled.class);
  }

  @Test
  void whatAnActorStreamsEndsWithIt() {
    OwnedMesh<Trial> trials = trials(1);
    Iterator<Integer> endless = trials.only().endless();
    assertThat(endless.next()).isZero();
    trials.close();
    assertThatThrownBy(() -> endless.forEachRemaining(number -> {}))
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("has stopped");
  }
}
