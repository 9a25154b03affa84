package dev.burnish.service;

import dev.burnish.actor.Context;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.actor.Supervisor.Place;
import dev.burnish.mesh.HostMesh;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// See [Tally].
public final class TallyActor implements Tally {
  private static final Queue<Runnable> DYING = new ConcurrentLinkedQueue<>();

  private final AtomicInteger numHanging = new AtomicInteger();
  private final AtomicInteger numMet = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private int value;

  TallyActor() {}

  TallyActor(int value) {
    if (value < 0) {
      throw new IllegalArgumentException("a tally starts at 0: value=" + value);
    }
    this.value = value;
  }

  @Override
  public void add(int n) {
    value += n;
  }

  @Override
  public int addTo(int n, int multiplier) {
    value += n * multiplier;
    return value;
  }

  @Override
  public int value() {
    return value;
  }

  @Override
  public String whoAmI() {
    return Context.current().name() + "[" + Context.current().rank() + "]";
  }

  @Override
  public void fail(String message) {
    throw new IllegalStateException(message);
  }

  @Override
  public void die() {
    Context context = Context.current();
    Place place = new Place(context.name(), context.point(), "a child", "here");
    DYING.add(() -> context.supervisor().failed(new Failure(place, "told to die", List.of())));
  }

  /// Ends every actor that was told to die. Its call is answered by then: a replica that is lost
  /// ends its processes, and the calls that are under way with them.
  static void letDie() {
    for (Runnable death = DYING.poll(); death != null; death = DYING.poll()) {
      death.run();
    }
  }

  @Override
  public void hang() {
    numHanging.incrementAndGet();
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      numHanging.decrementAndGet();
    }
  }

  @Override
  public void release() {
    released.countDown();
  }

  @Override
  public int numHanging() {
    return numHanging.get();
  }

  @Override
  public int meet(int parties) {
    numMet.incrementAndGet();
    while (numMet.get() < parties && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
    return numMet.get();
  }

  @Override
  public int ask(Service<Tally> other, int times) {
    int sum = 0;
    for (int i = 0; i < times; i++) {
      sum += other.route().value();
    }
    return sum;
  }

  @Override
  public void lose(Service<Tally> other) {
    throw new dev.burnish.link.failure.ReplicaLost("another actor is lost, not this one");
  }

  @Override
  public int square(int n) {
    spin(2);
    return n * n;
  }

  @Override
  public long pid() {
    return ProcessHandle.current().pid();
  }

  @Override
  public void addAtAll(Service<Tally> other, int n) {
    other.fanout(t -> t.add(n));
  }

  @Override
  public void spin(int millis) {
    long end = System.nanoTime() + millis * 1_000_000L;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void exit(int status) {
    Runtime.getRuntime().halt(status);
  }

  @Override
  public void exitAgain(int status) {
    Runtime.getRuntime().halt(status);
  }

  @Override
  public int askSquares(Service<Tally> other, int below) {
    int sum = 0;
    for (int i = 0; i < below; i++) {
      sum += other.route().square(i);
    }
    return sum;
  }

  @Override
  public void note(String folder, int n) {
    try {
      Files.writeString(
          Path.of(folder, "pid-" + pid()),
          n + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot note that a call ran", e);
    }
    spin(2);
  }

  @Override
  public int startAnother(HostMesh hosts, int value) {
    OwnedService<Tally> inner =
        Service.start(
            hosts, "inner", Tally.class, TallyActor::new, value, ServiceOptions.replicas(2));
    return inner.gather(Tally::value).stream().mapToInt(n -> n).sum();
  }
}
