package dev.burnish.mesh;

import dev.burnish.actor.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// See [Counter]. Records its end in a file, if it was given one.
public final class CounterActor implements Counter, AutoCloseable {
  private final String notes;
  private final CountDownLatch met = new CountDownLatch(2);
  private int value;
  private int numInterrupts;

  CounterActor(int value) {
    this(value, "");
  }

  CounterActor(int value, String notes) {
    if (value < 0) {
      throw new IllegalArgumentException("a counter starts at 0: value=" + value);
    }
    this.value = value;
    this.notes = notes;
  }

  @Override
  public void add(int n) {
    value += n;
  }

  @Override
  public int value() {
    return value;
  }

  @Override
  public String context() {
    Context context = Context.current();
    return "%s[%d] of %d at %s"
        .formatted(context.name(), context.rank(), context.size(), context.point());
  }

  @Override
  public long pid() {
    return ProcessHandle.current().pid();
  }

  @Override
  public List<Integer> echo(List<Integer> values) {
    return values;
  }

  @Override
  public void fail(String message) {
    throw new IllegalStateException(message);
  }

  @Override
  public int awaitValue(int least) {
    Context.await(() -> value >= least);
    return value;
  }

  @Override
  public void hang() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      numInterrupts++;
    }
  }

  @Override
  public int interrupts() {
    return numInterrupts;
  }

  @Override
  public int meet(int parties) {
    met.countDown();
    try {
      met.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return parties;
  }

  @Override
  public Iterator<Integer> count(int from, int to) {
    return IntStream.range(from, to).boxed().iterator();
  }

  @Override
  public int sum(Iterator<Integer> values) {
    int sum = 0;
    while (values.hasNext()) {
      sum += values.next();
    }
    return sum;
  }

  @Override
  public void report(int n, Consumer<String> progress) {
    for (int i = 0; i < n; i++) {
      progress.accept("step " + i);
    }
  }

  @Override
  public List<Integer> nested(ProcMeshRef procs) {
    OwnedMesh<Counter> inner =
        procs.spawn("inner", Counter.class, CounterActor::new, 10 + value, notes);
    return inner.gather(Counter::value);
  }

  @Override
  public List<Integer> ask(ActorMesh<Counter> other) {
    return other.gather(Counter::value);
  }

  @Override
  public void print(String line) {
    System.out.println(line);
  }

  @Override
  public void exit(int status) {
    System.exit(status);
  }

  @Override
  public void close() {
    if (!notes.isEmpty()) {
      try {
        Files.writeString(
            Path.of(notes),
            "closed " + name() + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot note the end", e);
      }
    }
  }

  private static String name() {
    return Context.current().name() + Context.current().rank();
  }
}
