package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Context;
import dev.burnish.actor.QuietLog;
import dev.burnish.actor.Supervising;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// No condition, exception or interrupt of user code takes the turn of an actor away, and ended
/// actors are released.
@Timeout(120)
@ExtendWith(QuietLog.class)
class ActorsRunOnTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final Job job =
      Job.start(
          JobOptions.named("run-on")
              .with(Processes.THREADS)
              .with(ActorSystemSettings.defaults().withTimeout(SOON)));
  private final ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", 1));

  ActorsRunOnTest() {
    job.onUnhandled(unhandled::add);
  }

  @AfterEach
  void close() {
    job.close();
  }

  /// The kinds of exceptions that an endpoint throws.
  enum Kind {
    MESSAGE {
      @Override
      RuntimeException make() {
        return new RuntimeException() {
          private static final long serialVersionUID = 1;

          @Override
          public String getMessage() {
            throw new IllegalStateException("no message");
          }
        };
      }
    },
    MESSAGE_AND_TEXT {
      @Override
      RuntimeException make() {
        return new RuntimeException() {
          private static final long serialVersionUID = 1;

          @Override
          public String getMessage() {
            throw new StackOverflowError();
          }

          @Override
          public String toString() {
            throw new AssertionError("no text");
          }
        };
      }
    },
    CAUSE {
      @Override
      RuntimeException make() {
        return new RuntimeException("cause") {
          private static final long serialVersionUID = 1;

          @Override
          public synchronized Throwable getCause() {
            throw new IllegalStateException("no cause");
          }
        };
      }
    },
    CIRCLE {
      @Override
      RuntimeException make() {
        RuntimeException inner = new RuntimeException("inner");
        RuntimeException outer = new RuntimeException("outer", inner);
        inner.initCause(outer);
        return outer;
      }
    },
    FRAMES {
      @Override
      RuntimeException make() {
        return new RuntimeException("frames") {
          private static final long serialVersionUID = 1;

          @Override
          public StackTraceElement[] getStackTrace() {
            throw new IllegalStateException("no frames");
          }
        };
      }
    },
    EQUALITY {
      @Override
      RuntimeException make() {
        return new RuntimeException("equality") {
          private static final long serialVersionUID = 1;

          @Override
          @SuppressWarnings("ThrowableEqualsHashCode") // that is its purpose
          public boolean equals(Object other) {
            throw new IllegalStateException("not comparable");
          }

          @Override
          @SuppressWarnings("ThrowableEqualsHashCode") // that is its purpose
          public int hashCode() {
            throw new IllegalStateException("no hash");
          }
        };
      }
    },
    DEATH {
      @Override
      RuntimeException make() {
        throw new Error("as ThreadDeath was") {
          private static final long serialVersionUID = 1;
        };
      }
    },
    STACK {
      @Override
      RuntimeException make() {
        return new IllegalStateException("depth " + depth(1));
      }

      private static int depth(int n) {
        return n == 0 ? 0 : 1 + depth(n + 1);
      }
    },
    MEMORY {
      @Override
      RuntimeException make() {
        throw new OutOfMemoryError("made up");
      }
    },
    INTERRUPT {
      @Override
      RuntimeException make() {
        Thread.currentThread().interrupt();
        return new IllegalStateException("it leaves an interrupt behind");
      }
    };

    abstract RuntimeException make();
  }

  /// Cannot be encoded.
  record Unreadable(int number) {
    @Override
    public int number() {
      throw new AssertionError("no number");
    }
  }

  interface Box {
    int size();

    void put(String key, String value);

    void remove(String key);

    String take(String key);

    void fail(Kind kind);

    @Concurrent
    void failBeside(Kind kind);

    void failInCondition(Kind kind);

    Unreadable unreadable();

    String awaitElsewhere();

    void own(Kind kind);

    int numHandled();
  }

  static final class BoxActor implements Box, Supervising {
    private final Map<String, String> all = new HashMap<>(Map.of("a", ""));

    @Override
    public int size() {
      if (Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("an interrupt of another call");
      }
      return all.size();
    }

    @Override
    public void put(String key, String value) {
      all.put(key, value);
    }

    @Override
    public void remove(String key) {
      all.remove(key);
    }

    @Override
    public String take(String key) {
      Context.await(() -> !value(key).isEmpty());
      return value(key);
    }

    private String value(String key) {
      return Optional.ofNullable(all.get(key)).orElseThrow();
    }

    @Override
    public void fail(Kind kind) {
      throw kind.make();
    }

    @Override
    public void failBeside(Kind kind) {
      throw kind.make();
    }

    @Override
    public void failInCondition(Kind kind) {
      boolean[] first = {true};
      Context.await(() -> {
        if (first[0]) {
          first[0] = false;
          return false;
        }
        throw kind.make();
      });
    }

    @Override
    public Unreadable unreadable() {
      return new Unreadable(1);
    }

    @Override
    public String awaitElsewhere() {
      try {
        Context.await(() -> {
          Context.await(() -> true);
          return true;
        });
        return "went through";
      } catch (IllegalStateException e) {
        return String.valueOf(e.getMessage());
      }
    }

    @Override
    public void own(Kind kind) {
      Context.current()
          .own(() -> {
            throw kind.make();
          });
    }

    @Override
    public int numHandled() {
      return 0;
    }

    @Override
    public boolean supervise(Failure failure) {
      throw new AssertionError("cannot handle anything");
    }
  }

  private OwnedMesh<Box> boxes() {
    return procs.spawn("box", Box.class, BoxActor::new);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whateverACallThrowsItIsAnsweredAndTheActorRunsOn(Kind kind) {
    Box box = boxes().only();
    for (int i = 0; i < 3; i++) {
      assertAnswered(() -> box.fail(kind));
      assertAnswered(() -> box.failBeside(kind));
      assertThat(box.size()).isEqualTo(1);
    }
    assertAnswered(() -> box.failInCondition(kind));
    assertThat(box.size()).isEqualTo(1);
  }

  private static void assertAnswered(Runnable call) {
    assertThatThrownBy(call::run).isNotInstanceOf(CallFailure.class);
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whateverABroadcastThrowsItsOwnerIsTold(Kind kind) throws Exception {
    OwnedMesh<Box> boxes = boxes();
    assertThat(boxes.only().size()).isEqualTo(1);
    boxes.broadcast(box -> box.fail(kind));
    assertThat(unhandled.take().reason()).contains("a broadcast of Box.fail threw");
    assertThatThrownBy(() -> boxes.only().size()).isInstanceOf(ReplicaLost.class);
  }

  @Test
  void aConditionThatThrowsFailsItsOwnCall() throws Exception {
    Box box = boxes().only();
    BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            box.take("a");
          } catch (RuntimeException e) {
            thrown.add(e);
          }
        });
    while (thrown.isEmpty()) {
      box.put("a", "");
      box.remove("a");
    }
    assertThat(thrown.take()).isInstanceOf(NoSuchElementException.class);
    assertThat(box.size()).isZero();
    box.put("a", "there");
    assertThat(box.take("a")).isEqualTo("there");
  }

  @Test
  void aResultThatCannotBeReadIsAnExceptionOfItsCall() {
    Box box = boxes().only();
    assertAnswered(box::unreadable);
    assertThat(box.size()).isEqualTo(1);
    assertThat(box.awaitElsewhere()).contains("no turn to give up");
    assertThat(box.size()).isEqualTo(1);
  }

  @Test
  void whatAnActorOwnsMayFailToClose() {
    for (Kind kind : Kind.values()) {
      OwnedMesh<Box> boxes = boxes();
      boxes.only().own(kind);
      boxes.close();
      assertThatThrownBy(() -> boxes.only().size()).isInstanceOf(ReplicaLost.class);
    }
  }

  @Test
  void aHandlerThatThrowsPassesTheFailureOn() throws Exception {
    OwnedMesh<Box> boxes =
        procs.spawn(
            "box",
            Box.class,
            (dev.burnish.actor.Factory.Of0<Box>) BoxActor::new,
            List.of(),
            ActorOptions.defaults()
                .withOnFailure(failure -> {
                  throw new AssertionError("made up");
                }));
    boxes.broadcast(box -> box.fail(Kind.CIRCLE));
    assertThat(unhandled.take().reason()).contains("outer");
  }

  @Test
  void callersThatGiveUpLeaveTheActorToOthers() {
    OwnedMesh<Box> boxes = boxes();
    ActorMesh<Box> hasty = boxes.within(Duration.ofMillis(50));
    for (int i = 0; i < 4; i++) {
      assertThatThrownBy(() -> hasty.only().take("a")).isInstanceOf(CallTimedOut.class);
    }
    assertThat(boxes.only().size()).isEqualTo(1);
    boxes.only().put("a", "there");
    assertThat(boxes.only().take("a")).isEqualTo("there");
  }

  interface Kept {
    void note();

    void boom();

    void spawnAndClose(ProcMeshRef procs);
  }

  static final class KeptActor implements Kept {
    static final List<WeakReference<Object>> MADE = new ArrayList<>();

    KeptActor() {
      synchronized (MADE) {
        MADE.add(new WeakReference<>(this));
      }
    }

    @Override
    public void note() {}

    @Override
    public void boom() {
      throw new IllegalStateException("boom");
    }

    @Override
    public void spawnAndClose(ProcMeshRef procs) {
      try (OwnedMesh<Kept> own = procs.spawn("own", Kept.class, KeptActor::new)) {
        own.only().note();
        synchronized (MADE) {
          MADE.add(new WeakReference<>(own));
        }
      }
    }
  }

  private static void awaitLetGo(int numKept) {
    while (numHeld() > numKept) {
      System.gc();
    }
  }

  private static int numHeld() {
    synchronized (KeptActor.MADE) {
      return (int) KeptActor.MADE.stream().filter(made -> made.get() != null).count();
    }
  }

  /// Instances, meshes, and the references that their links, owners and processes hold to them.
  @Test
  void actorsAndMeshesThatEndedAreLetGoOf() throws Exception {
    KeptActor.MADE.clear();
    for (int i = 0; i < 5; i++) {
      spawnAndClose();
    }
    awaitLetGo(0);
    OwnedMesh<Kept> owner = procs.spawn("owner", Kept.class, KeptActor::new);
    for (int i = 0; i < 5; i++) {
      owner.only().spawnAndClose(procs);
    }
    awaitLetGo(1);
    OwnedMesh<Kept> failing =
        procs.spawn(
            "failing",
            Kept.class,
            (dev.burnish.actor.Factory.Of0<Kept>) KeptActor::new,
            List.of(),
            ActorOptions.defaults()
                .withRestart(
                    new RestartPolicy.Backoff(
                        Duration.ofMillis(1), Duration.ofMillis(1), 10, Duration.ofMinutes(10))));
    for (int i = 0; i < 5; i++) {
      failing.broadcast(Kept::boom);
      awaitMade(23 + i);
    }
    failing.only().note();
    awaitLetGo(2);
  }

  private void spawnAndClose() {
    try (OwnedMesh<Kept> mesh = procs.spawn("kept", Kept.class, KeptActor::new)) {
      mesh.only().note();
      synchronized (KeptActor.MADE) {
        KeptActor.MADE.add(new WeakReference<>(mesh));
      }
    }
  }

  private static void awaitMade(int number) {
    while (true) {
      synchronized (KeptActor.MADE) {
        if (KeptActor.MADE.size() >= number) {
          return;
        }
      }
      Thread.onSpinWait();
    }
  }

  interface Stubborn {
    void hang();

    void note();
  }

  static final class StubbornActor implements Stubborn {
    static volatile CountDownLatch released = new CountDownLatch(1);
    static volatile CountDownLatch hanging = new CountDownLatch(1);

    @Override
    @SuppressWarnings("EmptyCatch") // that is its purpose
    public void hang() {
      hanging.countDown();
      while (released.getCount() > 0) {
        try {
          released.await();
        } catch (InterruptedException e) {
          // It does not end.
        }
      }
    }

    @Override
    public void note() {}
  }

  /// Three actors that hang share one time limit, instead of one after the other; those that do
  /// nothing are closed at once.
  @Test
  void closingIsBoundedWhateverEndpointsDo() throws Exception {
    StubbornActor.released = new CountDownLatch(1);
    StubbornActor.hanging = new CountDownLatch(6);
    ActorSystemSettings settings =
        new ActorSystemSettings(
            Duration.ofMinutes(10), Duration.ofSeconds(4), LinkSettings.defaults());
    Job stubborn = Job.start(JobOptions.named("stubborn").with(Processes.THREADS).with(settings));
    try {
      ProcMesh own = stubborn.hosts().spawnProcs(Map.of("gpus", 1));
      List<OwnedMesh<Stubborn>> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        all.add(own.spawn("stubborn" + i, Stubborn.class, StubbornActor::new));
      }
      OwnedMesh<Stubborn> idle = own.spawn("idle", Stubborn.class, StubbornActor::new);
      idle.only().note();
      all.forEach(mesh -> mesh.broadcast(Stubborn::hang));
      StubbornActor.hanging.await();
      long began = System.nanoTime();
      idle.close();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(4));
      long closing = System.nanoTime();
      stubborn.close();
      // Six one after the other would take 24 s.
      assertThat(Duration.ofNanos(System.nanoTime() - closing)).isLessThan(Duration.ofSeconds(20));
    } finally {
      StubbornActor.released.countDown();
    }
  }
}
