package dev.burnish.sandbox;

import dev.burnish.concurrent.Waits;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.json.JsonMapper;

/// Programs in sandboxes of a fork server, each used once. Some are made before they are needed; a
/// server that has ended is started again by the next execution.
final class BubblewrapSandbox implements CodeSandbox {
  /// A sandbox takes a few milliseconds to make; on a machine that swaps, much longer.
  private static final Duration MAKING = Duration.ofSeconds(20);

  /// A keeper ends a program at its limit, and answers; if it does not, it is killed.
  private static final Duration GRACE = Duration.ofSeconds(10);

  /// Sandboxes that may be lost before the program begins.
  private static final int TRIES = 3;

  private final HostPrograms programs;
  private final SandboxSettings settings;
  private final Recipe recipe;
  private final Semaphore slots;
  private final ScheduledThreadPoolExecutor clock;
  private final AtomicInteger numRunning = new AtomicInteger();
  private final Object restarting = new Object();
  private volatile ForkServer server;
  private volatile boolean closed;

  private BubblewrapSandbox(HostPrograms programs, SandboxSettings settings) {
    this.programs = programs;
    this.settings = settings;
    recipe = new Recipe(programs);
    slots = new Semaphore(settings.atOnce(), true);
    clock =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("sandbox/clock").factory());
    clock.setRemoveOnCancelPolicy(true);
    server = started();
  }

  static BubblewrapSandbox open(SandboxSettings settings) {
    return new BubblewrapSandbox(HostPrograms.find(), settings);
  }

  private ForkServer started() {
    ForkServer begun = ForkServer.start(programs);
    for (int i = 0; i < settings.ready(); i++) {
      begun.spawn();
    }
    return begun;
  }

  @Override
  public Execution execute(Program program, Limits limits) {
    byte[] job = JsonMapper.shared().writeValueAsBytes(recipe.job(program, limits));
    Waits.announce();
    try {
      slots.acquire();
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, Cell.INTERRUPTED);
    }
    try {
      return execute(program, limits, job);
    } finally {
      slots.release();
    }
  }

  /// In another sandbox, of another server if need be, while the program has not begun.
  private Execution execute(Program program, Limits limits, byte[] job) {
    String log = "";
    for (int i = 0; i < TRIES; i++) {
      ForkServer current = alive();
      Optional<Execution> execution = execute(current, program, limits, job);
      if (execution.isPresent()) {
        return execution.get();
      }
      log = current.log();
    }
    return Execution.lost("none was ready in time, or all ended before the program began: " + log);
  }

  private Optional<Execution> execute(
      ForkServer current, Program program, Limits limits, byte[] job) {
    if (settings.ready() == 0) {
      current.spawn();
    }
    Optional<Cell> taken = take(current);
    try {
      return taken.flatMap(cell -> run(current, cell, program, limits, job));
    } finally {
      if (settings.ready() > 0 && taken.isPresent()) {
        current.spawn(); // in place of this one; earlier it would take time from the program
      }
    }
  }

  private Optional<Execution> run(
      ForkServer current, Cell used, Program program, Limits limits, byte[] job) {
    long most = (long) (limits.seconds() * 1e3) + GRACE.toMillis();
    AtomicInteger begun = new AtomicInteger();
    try (Cell cell = used) {
      ScheduledFuture<?> late =
          clock.schedule(() -> current.kill(cell), most, TimeUnit.MILLISECONDS);
      try {
        return cell.run(program, limits, job, () -> begun.set(numRunning.incrementAndGet()));
      } finally {
        late.cancel(false);
      }
    } finally {
      if (begun.get() > 0) {
        numRunning.decrementAndGet();
      }
    }
  }

  private static Optional<Cell> take(ForkServer current) {
    try {
      return current.take(MAKING);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, Cell.INTERRUPTED);
    }
  }

  private ForkServer alive() {
    synchronized (restarting) {
      if (closed) {
        throw new IllegalStateException("a sandbox that is closed runs nothing: closed=true");
      }
      if (!server.isAlive()) {
        server.close();
        server = started();
      }
      return server;
    }
  }

  /// Programs that are running now.
  int numRunning() {
    return numRunning.get();
  }

  /// For tests: what the kernel does when the machine has no memory left.
  void killServer() {
    server.destroy();
  }

  @Override
  public String describe() {
    return "bubblewrap, seccomp, one set of namespaces per execution; memory by watching all processes and files";
  }

  @Override
  public void close() {
    synchronized (restarting) {
      closed = true;
      server.close();
    }
    clock.shutdownNow();
  }
}
