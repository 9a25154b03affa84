package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.RestartPolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Outcomes of changes of state, at replicas that fail, refuse, drain and start.
class ChangesTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final RestartPolicy AT_ONCE =
      new RestartPolicy.Backoff(Duration.ZERO, Duration.ZERO, 5, Duration.ofHours(1));

  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));

  ChangesTest() {
    job.onUnhandled(unhandled::add);
  }

  @AfterEach
  void close() {
    job.close();
  }

  private OwnedService<Dial> service(ServiceOptions options) {
    OwnedService<Dial> service =
        Service.start(job.hosts(), "dial", Dial.class, DialActor::new, options.restart(AT_ONCE));
    service.awaitHealthy(options.size().replicas(), SOON);
    return service;
  }

  private static void lose(OwnedService<Dial> service, int replica) {
    int before = service.metrics().restarts();
    service.replicaSet().replicas().get(replica).actors().orElseThrow().broadcast(Dial::fail);
    Waiting.until("it restarts", () -> service.metrics().restarts() > before);
  }

  private static List<Integer> numbers(OwnedService<Dial> service, int numReplicas) {
    service.awaitHealthy(numReplicas, SOON);
    return service.gather(Dial::get);
  }

  @Test
  void aChangeThatFailsAtAllIsTakenBack() {
    OwnedService<Dial> service = service(replicas(2));
    service.update("number", dial -> dial.set(3));
    assertThatThrownBy(() -> service.update("number", dial -> dial.set(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a dial has no number below 0: number=-1")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    assertThat(service.metrics().restarts()).as("they refused it, and go on").isZero();
    assertThat(numbers(service, 2)).containsExactly(3, 3);
    lose(service, 0);
    assertThat(numbers(service, 2)).as("the one before is made again").containsExactly(3, 3);
    assertThat(service.metrics().restarts()).isEqualTo(1);
  }

  @Test
  void aReplicaThatFailsToMakeAChangeThatOthersMadeIsReplaced() {
    OwnedService<Dial> service = service(replicas(3));
    DialActor.REFUSING.add("dial/1");
    service.update("number", dial -> dial.setUnlessRefused(4));
    assertThat(service.replicas().get(1).reason())
        .contains("has not made the change number")
        .contains("refused");
    assertThat(numbers(service, 3)).containsExactly(4, 4, 4);
    assertThat(service.metrics().restarts()).isEqualTo(1);
  }

  @Test
  void anErrorIsAFailureAsWell() {
    OwnedService<Dial> service = service(replicas(2));
    AtomicInteger numRuns = new AtomicInteger();
    assertThatThrownBy(() ->
            service.update(
                "number",
                dial -> {
                  numRuns.incrementAndGet();
                  throw new AssertionError("no");
                }))
        .isInstanceOf(AssertionError.class);
    assertThat(numRuns).hasValue(2);
    assertThat(numbers(service, 2)).containsExactly(0, 0);
  }

  @Test
  void aReplicaThatIsLateIsReplacedSinceNobodyKnowsWhatItHas() {
    OwnedService<Dial> service = service(replicas(2).within(Duration.ofSeconds(5)));
    service.update("number", dial -> dial.set(3));
    AtomicInteger first = new AtomicInteger();
    service.update(
        "number",
        dial -> {
          if (first.getAndIncrement() == 0) {
            dial.setSlowly(4);
          } else {
            dial.set(4);
          }
        });
    Waiting.until("the late one is replaced", () -> service.metrics().restarts() == 1);
    assertThat(numbers(service, 2)).containsExactly(4, 4);
    assertThatThrownBy(() -> service.update("number", dial -> dial.setSlowly(5)))
        .isInstanceOf(CallTimedOut.class);
    Waiting.until("all are replaced", () -> service.metrics().restarts() == 3);
    assertThat(numbers(service, 2)).as("it is taken back").containsExactly(4, 4);
  }

  @Test
  void anInterruptedChangeIsTakenBack() throws Exception {
    OwnedService<Dial> service = service(replicas(2));
    service.update("number", dial -> dial.set(3));
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread changing =
        Thread.ofVirtual()
            .start(() ->
                thrown.set(
                    Assertions.catchThrowable(
                        () -> service.update("number", dial -> dial.setSlowly(4)))));
    Waiting.until("both change", () -> DialActor.CHANGING.get() == 2);
    changing.interrupt();
    changing.join();
    assertThat(thrown.get()).isInstanceOf(CallCancelled.class);
    Waiting.until("both are replaced", () -> service.metrics().restarts() == 2);
    assertThat(numbers(service, 2)).containsExactly(3, 3);
  }

  @Test
  void aChangeIsTriedAgainWhenEveryReplicaIsLostWithIt() {
    OwnedService<Dial> service = service(replicas(1));
    AtomicInteger tries = new AtomicInteger();
    service.update(
        "number",
        dial -> {
          if (tries.getAndIncrement() == 0) {
            lose(service, 0);
          }
          dial.set(6);
        });
    assertThat(tries.get()).isGreaterThan(1);
    assertThat(numbers(service, 1)).containsExactly(6);
  }

  @Test
  void aChangeReachesReplicasThatDrain() throws Exception {
    OwnedService<Dial> service = service(replicas(2));
    service.update("number", dial -> dial.set(1));
    Session<Dial> one = service.session();
    Session<Dial> two = service.session();
    one.actor().get();
    two.actor().get();
    Thread scaling = Thread.ofVirtual().start(() -> service.scaleTo(1));
    Waiting.until("one drains", () -> service.client().dispatcher().healthy().size() == 1);
    service.update("number", dial -> dial.set(2));
    assertThat(List.of(one.actor().get(), two.actor().get())).containsExactly(2, 2);
    assertThat(service.replicas()).anyMatch(replica -> replica.state() == ReplicaState.DRAINING);
    one.close();
    two.close();
    scaling.join();
  }

  @Test
  void anErrorInAHookIsAFailureOfTheReplicaWhichIsTriedAgain() {
    OwnedService<Dial> service = service(replicas(1));
    AtomicInteger numStarts = new AtomicInteger();
    service.onStart(dial -> {
      if (numStarts.getAndIncrement() < 2) {
        throw new NoClassDefFoundError("hook");
      }
      dial.set(5);
    });
    lose(service, 0);
    assertThat(numbers(service, 1)).containsExactly(5);
    assertThat(numStarts).hasValue(3);
    assertThat(service.metrics().restarts()).isEqualTo(3);
    assertThat(service.replicas().getFirst().reason())
        .isEqualTo("it cannot be started: java.lang.NoClassDefFoundError: hook");
  }

  @Test
  void aChangeThatCannotBeMadeAgainUsesTheRestartsUp() throws Exception {
    OwnedService<Dial> service = service(replicas(1));
    AtomicInteger numMade = new AtomicInteger();
    service.update("number", dial -> dial.set(numMade.getAndIncrement() == 0 ? 3 : -1));
    service.replicaSet().replicas().getFirst().actors().orElseThrow().broadcast(Dial::fail);
    assertThat(unhandled.take().reason())
        .contains("restarts are used up")
        .contains("a dial has no number below 0");
    assertThatThrownBy(() -> service.route().get())
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("no replica of service dial will come back");
  }

  @Test
  void aReplicaThatIsAddedGivesHopeAgain() {
    OwnedService<Dial> service = service(replicas(1).procs(1));
    AtomicInteger numStarts = new AtomicInteger();
    service.onStart(dial -> {
      if (numStarts.getAndIncrement() < 5) {
        throw new IllegalStateException("not yet");
      }
    });
    service.replicaSet().replicas().getFirst().actors().orElseThrow().broadcast(Dial::fail);
    Waiting.until(
        "the restarts are used up",
        () -> Assertions.catchThrowable(() -> service.route().get()) instanceof ReplicaLost);
    assertThatThrownBy(() -> service.awaitHealthy(1, SOON)).isInstanceOf(ReplicaLost.class);
    service.scaleTo(2);
    service.awaitHealthy(1, SOON);
    assertThat(service.route().get()).isZero();
    service.scaleTo(1);
    assertThat(service.replicas())
        .as("the one that does not come back goes first")
        .singleElement()
        .satisfies(replica -> assertThat(replica.state()).isEqualTo(ReplicaState.HEALTHY));
  }

  @Test
  void aReplicaThatIsRemovedWhileItStartsTakesNoCallAfterwards() throws Exception {
    OwnedService<Dial> service = service(replicas(1));
    CountDownLatch starting = new CountDownLatch(1);
    CountDownLatch mayStart = new CountDownLatch(1);
    service.onStart(dial -> {
      starting.countDown();
      awaitQuietly(mayStart);
    });
    service.scaleTo(2);
    starting.await();
    service.scaleTo(1);
    mayStart.countDown();
    for (int i = 0; i < 20; i++) {
      assertThat(service.route().get()).isZero();
    }
    assertThat(service.client().dispatcher().members()).hasSize(1);
    assertThat(service.metrics().numFailed()).isZero();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whoeverIsInterruptedGetsCallCancelled() throws Exception {
    OwnedService<Dial> two = service(replicas(1).procs(2));
    assertThat(interrupted(two, () -> two.route().hold())).isInstanceOf(CallCancelled.class);
    assertThat(interrupted(two, () -> two.gather(Dial::hold))).isInstanceOf(CallCancelled.class);
    assertThat(interrupted(two, () -> two.fanout(Dial::hold))).isInstanceOf(CallCancelled.class);
    CountDownLatch begun = new CountDownLatch(1);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread waiting =
        Thread.ofVirtual()
            .start(() -> {
              begun.countDown();
              thrown.set(Assertions.catchThrowable(() -> two.awaitHealthy(2, SOON)));
            });
    begun.await();
    waiting.interrupt();
    waiting.join();
    assertThat(thrown.get()).isInstanceOf(CallCancelled.class);
  }

  private static Throwable interrupted(OwnedService<Dial> service, Runnable call) throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        Thread.ofVirtual().start(() -> thrown.set(Assertions.catchThrowable(call::run)));
    Dial first = service.replicaSet().replicas().getFirst().actors().orElseThrow().actor(0);
    Waiting.until("it is held", () -> first.numHeld() == 1);
    caller.interrupt();
    caller.join();
    Waiting.until("the callee has ended it", () -> first.numHeld() == 0);
    return thrown.get();
  }
}
