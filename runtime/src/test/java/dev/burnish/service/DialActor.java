package dev.burnish.service;

import dev.burnish.actor.Context;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.actor.Supervisor.Place;
import dev.burnish.link.failure.CallCancelled;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// See [Dial].
final class DialActor implements Dial {
  /// Names of actors of this process that refuse their next change.
  static final Set<String> REFUSING = ConcurrentHashMap.newKeySet();

  /// Actors of this process that are held while they change.
  static final AtomicInteger CHANGING = new AtomicInteger();

  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicInteger numHeld = new AtomicInteger();
  private int number;
  private int numSet;

  DialActor() {}

  @Override
  public void set(int next) {
    if (next < 0) {
      throw new IllegalArgumentException("a dial has no number below 0: number=" + next);
    }
    number = next;
    numSet++;
  }

  @Override
  public int get() {
    return number;
  }

  @Override
  public void setUnlessRefused(int next) {
    if (REFUSING.remove(Context.current().name())) {
      throw new IllegalStateException("refused");
    }
    set(next);
  }

  @Override
  public void setSlowly(int next) {
    set(next);
    CHANGING.incrementAndGet();
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      CHANGING.decrementAndGet();
    }
  }

  @Override
  public void fail() {
    Context context = Context.current();
    Place place = new Place(context.name(), context.point(), "a child", "here");
    context.supervisor().failed(new Failure(place, "told to fail", List.of()));
  }

  @Override
  public int hold() {
    numHeld.incrementAndGet();
    try {
      released.await();
      return 1;
    } catch (InterruptedException e) {
      return -1;
    } finally {
      numHeld.decrementAndGet();
    }
  }

  @Override
  public int holdOrThrow() {
    numHeld.incrementAndGet();
    try {
      released.await();
      return 1;
    } catch (InterruptedException e) {
      throw new CallCancelled("interrupted");
    } finally {
      numHeld.decrementAndGet();
    }
  }

  @Override
  public int numHeld() {
    return numHeld.get();
  }

  @Override
  public void release() {
    released.countDown();
  }

  @Override
  public int numSet() {
    return numSet;
  }

  @Override
  public long pid() {
    return ProcessHandle.current().pid();
  }

  @Override
  public String where() {
    return Context.current().system().self().host();
  }
}
