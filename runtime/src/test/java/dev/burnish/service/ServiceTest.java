package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Factory;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.launch.Resources;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.StepMetrics;
import dev.burnish.service.ServiceMetrics.FailureKind;
import dev.burnish.service.ServiceMetrics.OfReplica;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.routing.Queueing;
import dev.burnish.service.routing.Queueing.Overflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Services over processes that are threads. Source of the tests that name it: the anchor's
/// tests/unit_tests/test_service.py, with its faults corrected.
class ServiceTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final Job job =
      Job.start(
          JobOptions.named("test")
              .with(Processes.THREADS)
              .with(ActorSystemSettings.defaults().withTimeout(Duration.ofMinutes(1))));

  ServiceTest() {
    job.onUnhandled(unhandled::add);
  }

  @AfterEach
  void close() {
    job.close();
  }

  private OwnedService<Tally> service(int value, ServiceOptions options) {
    OwnedService<Tally> service =
        Service.start(job.hosts(), "tally", Tally.class, TallyActor::new, value, options);
    service.awaitHealthy(options.size().replicas(), SOON);
    return service;
  }

  private static List<Integer> values(OwnedService<Tally> service) {
    return service.gather(Tally::value);
  }

  private static List<Long> requests(OwnedService<Tally> service) {
    return service.metrics().replicas().stream().map(OfReplica::requests).toList();
  }

  /// test_basic_service_operations, test_session_stickiness
  @Test
  void aSessionKeepsToItsReplicaAndEndsWithItsBlock() {
    OwnedService<Tally> service = service(0, replicas(3));
    try (Session<Tally> session = service.session()) {
      for (int i = 0; i < 4; i++) {
        session.actor().add(1);
      }
      assertThat(session.actor().value()).isEqualTo(4);
      assertThat(session.replica()).isPresent();
      assertThat(service.metrics().numSessions()).isEqualTo(1);
      int replica = session.replica().orElseThrow();
      assertThat(values(service).get(replica)).isEqualTo(4);
    }
    assertThat(values(service)).containsExactlyInAnyOrder(0, 0, 4);
    assertThat(service.metrics().numSessions()).isZero();
  }

  /// test_sessionless_calls
  @Test
  void callsWithoutASessionAreCounted() {
    OwnedService<Tally> service = service(0, replicas(2));
    for (int i = 0; i < 3; i++) {
      service.route().add(1);
    }
    assertThat(requests(service).stream().mapToLong(n -> n).sum()).isEqualTo(3);
    assertThat(service.metrics().numSessions()).isZero();
    OwnedService<Tally> one =
        Service.start(job.hosts(), "one", Tally.class, TallyActor::new, 1, replicas(1));
    assertThat(one.route().addTo(5, 2)).isEqualTo(11);
  }

  /// test_session_context_manager, test_concurrent_operations
  @Test
  void sessionsAndOtherCallsGoOnSideBySide() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2));
    List<Integer> reached = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int n : new int[] {2, 3}) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try (Session<Tally> session = service.session()) {
                  int before = session.actor().value();
                  for (int i = 0; i < n; i++) {
                    session.actor().add(1);
                  }
                  reached.add(session.actor().value() - before);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(values(service).stream().mapToInt(n -> n).sum()).isEqualTo(5);
    assertThat(reached).hasSize(2).allMatch(n -> n >= 2);
    assertThat(service.metrics().numSessions()).isZero();
  }

  /// In the anchor, a session of one service routes the calls of another.
  @Test
  void aSessionOfOneServiceDoesNotLeakIntoAnother() {
    OwnedService<Tally> a = service(0, replicas(2));
    OwnedService<Tally> b =
        Service.start(
            job.hosts(),
            "other",
            Tally.class,
            TallyActor::new,
            0,
            replicas(2).balancing(Balancing.ROUND_ROBIN));
    b.awaitHealthy(2, SOON);
    try (Session<Tally> session = a.session()) {
      session.actor().add(1);
      for (int i = 0; i < 4; i++) {
        b.route().add(1);
      }
      assertThat(a.metrics().numSessions()).isEqualTo(1);
      assertThat(b.metrics().numSessions()).isZero();
    }
    assertThat(values(b)).containsExactly(2, 2);
    assertThat(a.metrics().numSessions()).isZero();
  }

  /// test_recovery_state_transitions. The anchor returns the exception as a value and restarts the
  /// replica.
  @Test
  void anExceptionOfAnEndpointIsThrownAndLeavesTheReplicaHealthy() {
    OwnedService<Tally> service = service(5, replicas(1));
    ReplicaStatus before = service.replicas().getFirst();
    assertThatThrownBy(() -> service.route().fail("bad input"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("bad input");
    assertThatThrownBy(() -> service.route().lose(service)).isInstanceOf(ReplicaLost.class);
    assertThat(service.route().value()).isEqualTo(5);
    assertThat(service.replicas()).containsExactly(before);
    assertThat(service.metrics().failures())
        .containsEntry(FailureKind.ENDPOINT, 2L)
        .containsEntry(FailureKind.LOST, 0L);
  }

  /// The anchor restarts a replica whose caller gave up, and loses its state.
  @Test
  void aTimeoutOrCancelOfACallerLeavesTheReplicaHealthy() throws Exception {
    OwnedService<Tally> service = service(0, replicas(1));
    service.route().add(1);
    Tally hasty = service.route(service.options().within(Duration.ofMillis(50)));
    assertThatThrownBy(hasty::hang).isInstanceOf(CallTimedOut.class);
    CountDownLatch cancelled = new CountDownLatch(1);
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                service.route().hang();
              } catch (CallCancelled e) {
                cancelled.countDown();
              }
            });
    Waiting.until("the call is under way", () -> service.route().numHanging() == 1);
    caller.interrupt();
    cancelled.await();
    Waiting.until("the callee has ended it", () -> service.route().numHanging() == 0);
    assertThat(service.route().value()).isEqualTo(1);
    assertThat(service.replicas().getFirst().numRestarts()).isZero();
    assertThat(service.metrics().failures())
        .containsEntry(FailureKind.TIMED_OUT, 1L)
        .containsEntry(FailureKind.CANCELLED, 1L);
  }

  /// test_replica_failure_and_recovery
  @Test
  void aSessionWhoseReplicaIsLostSaysSoOnceAndGoesOnAtAnother() {
    OwnedService<Tally> service = service(0, replicas(2).restart(RestartPolicy.never()));
    try (Session<Tally> session = service.session()) {
      session.actor().add(7);
      int first = session.replica().orElseThrow();
      session.actor().die();
      TallyActor.letDie();
      Waiting.until("it is lost", () -> session.replica().isEmpty());
      assertThatThrownBy(() -> session.actor().value())
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("has lost its state")
          .hasMessageContaining("told to die");
      assertThat(session.actor().value()).isZero();
      assertThat(session.replica()).hasValueSatisfying(r -> assertThat(r).isNotEqualTo(first));
      assertThat(session.rebinds()).isEqualTo(1);
      try (Session<Tally> another = service.session()) {
        another.actor().add(1);
        assertThat(another.replica()).isEqualTo(session.replica());
      }
      assertThat(service.replicas().get(first).state()).isEqualTo(ReplicaState.LOST);
    }
  }

  @Test
  void aSessionIsRestoredWhereItWasToldHow() {
    OwnedService<Tally> service = service(0, replicas(2).restart(RestartPolicy.never()));
    AtomicInteger numRestored = new AtomicInteger();
    try (Session<Tally> session =
        service.session(actor -> {
          numRestored.incrementAndGet();
          actor.add(40);
        })) {
      session.actor().add(40);
      session.actor().die();
      TallyActor.letDie();
      Waiting.until("it is lost", () -> session.replica().isEmpty());
      assertThat(session.actor().addTo(1, 2)).isEqualTo(42);
      assertThat(numRestored).hasValue(1);
      assertThat(session.rebinds()).isEqualTo(1);
      assertThat(service.metrics().numSessions()).isEqualTo(1);
    }
    assertThat(service.metrics().numSessions()).isZero();
  }

  /// test_metrics_collection. The anchor's rate saturates at 1.667/s.
  @Test
  void metricsSayWhatHappened() {
    OwnedService<Tally> service = service(0, replicas(2));
    try (Session<Tally> one = service.session();
        Session<Tally> two = service.session()) {
      one.actor().add(1);
      one.actor().add(1);
      two.actor().add(1);
      assertThatThrownBy(() -> two.actor().fail("no")).isInstanceOf(IllegalStateException.class);
      ServiceMetrics metrics = service.metrics();
      assertThat(metrics.numSessions()).isEqualTo(2);
      assertThat(metrics.requests()).isEqualTo(4);
      assertThat(metrics.numFailed()).isEqualTo(1);
      assertThat(metrics.replicas())
          .hasSize(2)
          .extracting(OfReplica::state)
          .containsOnly(ReplicaState.HEALTHY);
      assertThat(metrics.replicas().stream().mapToLong(OfReplica::requests).sum()).isEqualTo(4);
      assertThat(metrics.replicas().stream().mapToInt(OfReplica::numSessions).sum()).isEqualTo(2);
      assertThat(metrics.latency().p50()).isPositive();
      assertThat(metrics.latency().p99()).isGreaterThanOrEqualTo(metrics.latency().p50());
    }
    for (int i = 0; i < 200; i++) {
      service.route().add(1);
    }
    assertThat(service.metrics().perSecond()).isGreaterThan(200 / 60.0);
  }

  /// test_load_balancing_multiple_sessions
  @Test
  void sessionsSpreadOverReplicas() {
    OwnedService<Tally> service = service(0, replicas(2));
    List<Session<Tally>> sessions = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Session<Tally> session = service.session();
      session.actor().add(1);
      sessions.add(session);
    }
    assertThat(values(service)).containsExactly(2, 2);
    sessions.forEach(Session::close);
  }

  /// test_broadcast_call_basic
  @Test
  void aFanOutReachesAllAndResultsComeByReplica() {
    OwnedService<Tally> service = service(10, replicas(3));
    service.fanout(t -> t.add(1));
    assertThat(values(service)).containsExactly(11, 11, 11);
    assertThat(service.gather(Tally::whoAmI))
        .containsExactly("tally/0[0]", "tally/1[0]", "tally/2[0]");
  }

  /// dont_test_broadcast_call_with_failed_replica, which the anchor has disabled.
  @Test
  void aFanOutGoesToHealthyReplicasOnly() {
    OwnedService<Tally> service = service(0, replicas(3).restart(RestartPolicy.never()));
    int dead;
    try (Session<Tally> session = service.session()) {
      session.actor().die();
      TallyActor.letDie();
      Waiting.until("it is lost", () -> session.replica().isEmpty());
      dead =
          service.replicas().stream()
              .filter(r -> r.state() == ReplicaState.LOST)
              .findFirst()
              .orElseThrow()
              .index();
    }
    assertThat(service.gatherPartial(Tally::value))
        .hasSize(2)
        .noneMatch(outcome -> outcome.replica() == dead)
        .allMatch(outcome -> outcome instanceof Outcome.Value<Integer>(_, Integer v) && v == 0);
    assertThat(values(service)).hasSize(2);
  }

  /// test_broadcast_fanout_vs_route
  @Test
  void aFanOutCountsAtEveryReplicaAndARoutedCallAtOne() {
    OwnedService<Tally> service = service(0, replicas(3));
    service.fanout(t -> t.add(1));
    assertThat(values(service)).containsExactly(1, 1, 1);
    service.route().add(1);
    assertThat(values(service)).containsExactlyInAnyOrder(1, 1, 2);
    assertThat(requests(service).stream().mapToLong(n -> n).sum()).isEqualTo(10);
  }

  @Test
  void aFailureOfAFanOutIsItselfAndNamesItsReplica() {
    OwnedService<Tally> service = service(0, replicas(3));
    try (Session<Tally> session = service.session()) {
      session.actor().add(1);
      int odd = session.replica().orElseThrow();
      assertThatThrownBy(() ->
              service.fanout(t -> {
                if (t.value() == 1) {
                  t.fail("odd");
                }
              }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("odd")
          .satisfies(e ->
              assertThat(e.getSuppressed())
                  .extracting(Throwable::getMessage)
                  .containsExactly("at replica %d of service tally".formatted(odd)));
      List<Outcome<Integer>> outcomes =
          service.gatherPartial(t -> {
            if (t.value() == 1) {
              t.fail("odd");
            }
            return t.value();
          });
      assertThat(outcomes).extracting(Outcome::replica).containsExactly(0, 1, 2);
      assertThat(outcomes.get(odd))
          .isInstanceOfSatisfying(
              Outcome.Failed.class, failed -> assertThat(failed.cause()).hasMessage("odd"));
      assertThat(outcomes).filteredOn(o -> o instanceof Outcome.Value).hasSize(2);
    }
  }

  /// test_round_robin_router_distribution: fan-outs in between do not move the turn.
  @Test
  void roundRobinGivesEachReplicaItsTurn() {
    OwnedService<Tally> service = service(0, replicas(3).balancing(Balancing.ROUND_ROBIN));
    for (int i = 0; i < 6; i++) {
      service.route().add(1);
      service.fanout(Tally::value);
    }
    assertThat(values(service)).containsExactly(2, 2, 2);
  }

  /// test_session_router_assigns_and_updates_session_map_in_service
  @Test
  void aSessionIsBoundToTheReplicaThatItsFirstCallWentTo() {
    OwnedService<Tally> service = service(0, replicas(3));
    List<Long> before = requests(service);
    try (Session<Tally> session = service.session()) {
      session.actor().add(1);
      List<Long> after = requests(service);
      List<Integer> more = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        if (after.get(i) > before.get(i)) {
          assertThat(after.get(i) - before.get(i)).isEqualTo(1);
          more.add(i);
        }
      }
      assertThat(more).containsExactly(session.replica().orElseThrow());
    }
  }

  /// test_multiple_services_isolated_configs, test_service_default_config
  @Test
  void servicesOfOneTypeAreApart() {
    OwnedService<Tally> two = service(30, replicas(2));
    OwnedService<Tally> four =
        Service.start(job.hosts(), "four", Tally.class, TallyActor::new, 20, replicas(4));
    four.awaitHealthy(4, SOON);
    two.route().add(1);
    assertThat(two.replicas()).hasSize(2);
    assertThat(four.replicas()).hasSize(4);
    assertThat(values(two)).containsExactlyInAnyOrder(30, 31);
    assertThat(values(four)).containsOnly(20);
  }

  @Test
  void aReplicaOfSeveralProcessesAnswersWithRankZeroAndIsCalledEverywhere() {
    OwnedService<Tally> service = service(0, replicas(2).procs(3));
    assertThat(service.gather(Tally::whoAmI)).containsExactly("tally/0[0]", "tally/1[0]");
    service.fanout(t -> t.add(1));
    assertThat(values(service)).containsExactly(1, 1);
    assertThat(service.route().meet(1)).isEqualTo(1);
    assertThat(service.pids(0)).hasSize(3);
  }

  /// The anchor queues without a bound.
  @Test
  void aFullQueueRejectsAndSaysSo() throws Exception {
    OwnedService<Tally> service = service(0, replicas(1).concurrency(1).queue(1, Overflow.REJECT));
    Thread running = Thread.ofVirtual().start(() -> service.route().hang());
    Waiting.until("the slot is taken", () -> service.metrics().utilisation() == 1);
    AtomicInteger value = new AtomicInteger(-1);
    Thread queued = Thread.ofVirtual().start(() -> value.set(service.route().value()));
    Waiting.until("one waits", () -> service.metrics().numQueued() == 1);
    assertThatThrownBy(() -> service.route().value())
        .isInstanceOf(Overloaded.class)
        .hasMessageContaining("capacity=1")
        .hasMessageContaining("call=tally.value");
    assertThat(service.metrics().failures()).containsEntry(FailureKind.OVERLOADED, 1L);
    service.fanout(Tally::release);
    running.join();
    queued.join();
    assertThat(value).hasValue(0);
    assertThat(service.metrics().numQueued()).isZero();
    assertThat(service.metrics().utilisation()).isZero();
  }

  /// The anchor has no deadline in its queue.
  @Test
  void aDeadlineEndsACallInTheQueueBeforeItRuns() throws Exception {
    OwnedService<Tally> service = service(0, replicas(1).concurrency(1));
    Thread running = Thread.ofVirtual().start(() -> service.route().hang());
    Waiting.until("the slot is taken", () -> service.metrics().utilisation() == 1);
    Tally hasty = service.route(service.options().within(Duration.ofMillis(20)));
    assertThatThrownBy(() -> hasty.add(1))
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("passed in the queue of service tally");
    service.fanout(Tally::release);
    running.join();
    assertThat(service.route().value()).isZero();
  }

  /// The anchor leaves callers of a stopped service waiting for ever, or reports something else.
  @Test
  void stoppingResolvesEveryOutstandingCall() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2).concurrency(1));
    BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    int count = 6;
    for (int i = 0; i < count; i++) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              service.route().hang();
              outcomes.add("answered");
            } catch (RuntimeException e) {
              outcomes.add(e);
            }
          });
    }
    Waiting.until("four wait", () -> service.metrics().numQueued() == 4);
    service.stop(Duration.ofMillis(50));
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(outcomes.take());
    }
    assertThat(
            all.stream()
                .filter(o ->
                    o instanceof ReplicaLost e
                        && String.valueOf(e.getMessage()).contains("has stopped")))
        .as("those that waited")
        .hasSize(4);
    assertThatThrownBy(() -> service.route().value())
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("service tally has stopped");
    assertThat(service.metrics().numQueued()).isZero();
  }

  @Test
  void stoppingLetsCallsEndFirst() throws Exception {
    OwnedService<Tally> service = service(0, replicas(1).concurrency(1));
    BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    for (int i = 0; i < 3; i++) {
      Thread.ofVirtual()
          .start(() -> {
            service.route().hang();
            outcomes.add("answered");
          });
    }
    Waiting.until("two wait", () -> service.metrics().numQueued() == 2);
    Thread stopping = Thread.ofVirtual().start(() -> service.stop(SOON));
    Waiting.until("no calls are taken", () -> !takesCalls(service));
    releaseDirectly(service);
    stopping.join();
    assertThat(outcomes).containsExactly("answered", "answered", "answered");
  }

  private static boolean takesCalls(OwnedService<Tally> service) {
    try {
      service.route(service.options().within(Duration.ofMillis(1))).value();
      return true;
    } catch (CallTimedOut e) {
      return true;
    } catch (ReplicaLost e) {
      return false;
    }
  }

  private static void releaseDirectly(OwnedService<Tally> service) {
    service
        .replicaSet()
        .replicas()
        .forEach(replica -> replica.actors().ifPresent(actors -> actors.fanout(Tally::release)));
  }

  @Test
  void whenAllAreDownCallsWaitAndThenSayWhichFailedWhenAndWhy() {
    OwnedService<Tally> service =
        service(
            0,
            replicas(2)
                .restart(
                    new RestartPolicy.Backoff(
                        Duration.ofMinutes(5), Duration.ofMinutes(5), 3, Duration.ofHours(1))));
    service.fanout(Tally::die);
    TallyActor.letDie();
    Waiting.until(
        "both are lost",
        () -> service.replicas().stream().allMatch(r -> r.state() == ReplicaState.LOST));
    Tally hasty = service.route(service.options().within(Duration.ofMillis(50)));
    // A replica shows that it is lost a moment before the dispatcher stops sending calls to it.
    Waiting.until(
        "no call is sent to one",
        () -> Assertions.catchThrowable(hasty::value) instanceof CallTimedOut);
    assertThatThrownBy(hasty::value)
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("no replica of service tally was healthy before the deadline")
        .hasMessageContaining("replica 0 at 20")
        .hasMessageContaining("replica 1 at 20")
        .hasMessageContaining("told to die");
  }

  @Test
  void aLostReplicaRestartsUnderItsNameAndCallsWaitForIt() {
    OwnedService<Tally> service = service(3, replicas(1));
    service.route().add(1);
    for (int i = 1; i <= 3; i++) {
      int restarts = i;
      service.route().die();
      TallyActor.letDie();
      Waiting.until(
          "it has restarted", () -> service.replicas().getFirst().numRestarts() == restarts);
      assertThat(service.route().value()).isEqualTo(3);
      assertThat(service.route().whoAmI()).isEqualTo("tally/0[0]");
      assertThat(service.replicas().getFirst().mesh()).isEqualTo("tally/0");
    }
    assertThat(service.metrics().restarts()).isEqualTo(3);
    assertThat(unhandled).isEmpty();
  }

  /// The anchor restarts without back-off or limit.
  @Test
  void restartsHaveALimitAfterWhichCallsFailAndTheOwnerIsTold() throws Exception {
    OwnedService<Tally> service =
        Service.start(
            job.hosts(),
            "tally",
            Tally.class,
            (Factory.Of1<TallyActor, Integer>) TallyActor::new,
            List.of(-1),
            replicas(1)
                .restart(
                    new RestartPolicy.Backoff(
                        Duration.ZERO, Duration.ZERO, 2, Duration.ofMinutes(1))));
    assertThatThrownBy(() -> service.route().value())
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("no replica of service tally will come back")
        .hasMessageContaining("a tally starts at 0: value=-1");
    Failure failure = unhandled.take();
    assertThat(failure.place().mesh()).isEqualTo("tally/0");
    assertThat(failure.reason()).contains("restarts are used up").contains("value=-1");
    assertThat(service.metrics().restarts()).isEqualTo(2);
    assertThatThrownBy(() -> service.route().value()).isInstanceOf(ReplicaLost.class);
  }

  @Test
  void aReplacementIsBroughtUpToDateBeforeItTakesCalls() {
    OwnedService<Tally> service = service(0, replicas(2));
    service.update("weights", t -> t.addTo(7 - t.value(), 1));
    service.update("weights", t -> t.addTo(9 - t.value(), 1));
    service.route().die();
    TallyActor.letDie();
    Waiting.until("it has restarted", () -> service.metrics().restarts() == 1);
    service.awaitHealthy(2, SOON);
    assertThat(values(service)).containsOnly(9);
    service.onStart(t -> t.add(100));
    service.update("more", t -> t.addTo(1, 1));
    service.update("weights", t -> t.addTo(0, 1));
    service.route().die();
    TallyActor.letDie();
    Waiting.until("it has restarted again", () -> service.metrics().restarts() == 2);
    service.awaitHealthy(2, SOON);
    assertThat(values(service)).containsExactlyInAnyOrder(10, 101);
  }

  @Test
  void scalingAddsAndRemovesReplicas() {
    OwnedService<Tally> service = service(0, replicas(1));
    service.scaleTo(3);
    service.awaitHealthy(3, SOON);
    assertThat(service.gather(Tally::whoAmI))
        .containsExactly("tally/0[0]", "tally/1[0]", "tally/2[0]");
    service.scaleTo(1);
    assertThat(service.gather(Tally::whoAmI)).containsExactly("tally/0[0]");
    assertThat(service.replicas()).hasSize(1);
    service.scaleTo(2);
    service.awaitHealthy(2, SOON);
    assertThat(service.gather(Tally::whoAmI)).containsExactly("tally/0[0]", "tally/1[0]");
    assertThat(service.metrics().restarts()).isZero();
  }

  @Test
  void scalingDownLetsCallsEnd() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2).concurrency(1));
    BlockingQueue<String> ended = new LinkedBlockingQueue<>();
    for (int i = 0; i < 2; i++) {
      Thread.ofVirtual()
          .start(() -> {
            service.route().hang();
            ended.add("answered");
          });
    }
    Waiting.until("both are busy", () -> service.metrics().utilisation() == 1);
    Thread scaling = Thread.ofVirtual().start(() -> service.scaleTo(1));
    Waiting.until(
        "one drains", () -> service.replicas().getLast().state() == ReplicaState.DRAINING);
    assertThat(ended).isEmpty();
    service.replicaSet().replicas().forEach(r -> r.actors().orElseThrow().fanout(Tally::release));
    scaling.join();
    assertThat(List.of(ended.take(), ended.take())).containsExactly("answered", "answered");
    assertThat(service.replicas()).hasSize(1);
  }

  @Test
  void aHandleGoesToOtherProcessesWhichCallReplicasThemselves() {
    OwnedService<Tally> service = service(3, replicas(2).balancing(Balancing.ROUND_ROBIN));
    OwnedService<Tally> user =
        Service.start(job.hosts(), "user", Tally.class, TallyActor::new, 0, replicas(1));
    assertThat(user.route().ask(service, 10)).isEqualTo(30);
    assertThat(service.metrics().requests()).as("calls from here").isZero();
    assertThat(
            service.replicaSet().replicas().stream()
                .mapToLong(replica -> replica.actors().orElseThrow().only().value())
                .sum())
        .isEqualTo(6);
    user.route().addAtAll(service, 4);
    assertThat(values(service)).containsExactly(7, 7);
    service.scaleTo(3);
    service.awaitHealthy(3, SOON);
    user.route().addAtAll(service, 1);
    assertThat(values(service)).containsExactly(8, 8, 4);
  }

  @Test
  void aHandleElsewhereFollowsRestarts() {
    OwnedService<Tally> service = service(3, replicas(1));
    OwnedService<Tally> user =
        Service.start(job.hosts(), "user", Tally.class, TallyActor::new, 0, replicas(1));
    assertThat(user.route().ask(service, 1)).isEqualTo(3);
    service.route().add(10);
    service.route().die();
    TallyActor.letDie();
    Waiting.until("it has restarted", () -> service.metrics().restarts() == 1);
    service.awaitHealthy(1, SOON);
    Waiting.until("the other has heard of it", () -> asks(user, service));
    service.stop(Duration.ZERO);
    Waiting.until("the other has heard of the end", () -> !asks(user, service));
  }

  private static boolean asks(OwnedService<Tally> user, OwnedService<Tally> service) {
    try {
      return user.route().ask(service, 1) == 3;
    } catch (ReplicaLost e) {
      return false;
    }
  }

  @Test
  void callsOfAKeyGoToOneReplica() {
    OwnedService<Tally> service = service(0, replicas(4).balancing(Balancing.CONSISTENT_HASH));
    for (int i = 0; i < 8; i++) {
      service.route(service.options().withKey("prefix a")).add(1);
    }
    assertThat(values(service)).containsExactlyInAnyOrder(0, 0, 0, 8);
  }

  @Test
  void anActorOwnsTheServicesThatItStarts() {
    OwnedService<Tally> owner = service(0, replicas(1));
    assertThat(owner.route().startAnother(job.hosts(), 3)).isEqualTo(6);
    assertThat(job.hosts().free().getFirst().processes()).anyMatch(name -> name.contains("inner/"));
    owner.close();
    assertThat(job.hosts().free().getFirst().processes())
        .noneMatch(name -> name.contains("inner/"));
    assertThat(unhandled).isEmpty();
  }

  /// test_actor_def_type_validation
  @Test
  void whatDoesNotTravelIsRefusedAtTheStart() {
    assertThatThrownBy(
            () -> Service.start(job.hosts(), "bad", Opaque.class, OpaqueActor::new, replicas(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Opaque.use");
    assertThatThrownBy(() -> service(0, replicas(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("service.replicas=0");
  }

  interface Opaque {
    void use(Thread thread);
  }

  static final class OpaqueActor implements Opaque {
    @Override
    public void use(Thread thread) {}
  }

  @Test
  void metricsGoAmongThoseOfARun() {
    OwnedService<Tally> service = service(0, replicas(1));
    service.route().add(1);
    try (Metrics metrics = new Metrics()) {
      service.metrics().record("tally", metrics);
      StepMetrics step = metrics.flush(1);
      assertThat(step.values()).isEmpty();
      assertThat(step.times())
          .containsEntry("service/tally/requests", 1.0)
          .containsEntry("service/tally/failures/lost", 0.0)
          .containsEntry("service/tally/restarts", 0.0)
          .containsKeys(
              "service/tally/latency_p50_ms",
              "service/tally/latency_p99_ms",
              "service/tally/utilisation",
              "service/tally/requests_per_second",
              "service/tally/sessions",
              "service/tally/queued");
    }
  }

  @Test
  void everyDefaultIsPinned() {
    ServiceOptions options = replicas(2);
    assertThat(options.size().procs()).isEqualTo(1);
    assertThat(options.size().gpus()).isZero();
    assertThat(options.size().room().cores()).isZero();
    assertThat(options.size().room().megabytes()).isZero();
    assertThat(options.size().room().process()).isEqualTo(Resources.light());
    assertThat(options.queueing()).isEqualTo(new Queueing(10, 1024, Overflow.WAIT));
    assertThat(options.router()).isEqualTo(Balancing.LEAST_LOADED);
    assertThat(options.health())
        .isEqualTo(
            new ServiceOptions.Health(
                Duration.ofMillis(500),
                Duration.ofSeconds(5),
                Duration.ofMinutes(10),
                Duration.ofSeconds(10)));
    assertThat(options.restart()).isEqualTo(RestartPolicy.atMost(10));
    assertThat(options.call()).isEqualTo(new ServiceOptions.Call(Duration.ofMinutes(10), 3));
  }
}
