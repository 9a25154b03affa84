package dev.burnish.sandbox;

import dev.burnish.concurrent.Waits;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/// The process that makes sandboxes, and those that wait to be used. Thread-safe.
///
/// Its command line and its failures are this class; `forkserver.py` runs in it. It ends when its
/// standard input does, so that none outlives the JVM, and the kernel ends everything inside with
/// it. bubblewrap also ends with the thread that started it, which waits for it therefore.
final class ForkServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final int MOST_WAITING = 2000;

  private final ServerFolder folder;
  private final ServerSocketChannel listener;
  private final LinkedBlockingQueue<Optional<Cell>> cells = new LinkedBlockingQueue<>(MOST_WAITING);
  private final CountDownLatch started = new CountDownLatch(1);
  private final AtomicReference<String> log = new AtomicReference<>("");
  private volatile Optional<Process> process = Optional.empty();
  private final AtomicBoolean released = new AtomicBoolean();
  private volatile boolean ready;
  private volatile boolean ended;

  private ForkServer(ServerFolder folder, ServerSocketChannel listener) {
    this.folder = folder;
    this.listener = listener;
  }

  /// Starts one and waits until it can make sandboxes.
  ///
  /// @throws SandboxUnavailable if it cannot, with the reason
  static ForkServer start(HostPrograms programs) {
    int user = HostUsers.unused();
    try {
      ServerFolder folder = ServerFolder.make(user);
      ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      listener.bind(UnixDomainSocketAddress.of(folder.socket()));
      Files.setPosixFilePermissions(folder.socket(), PosixFilePermissions.fromString("rw-------"));
      folder.give(user);
      ForkServer server = new ForkServer(folder, listener);
      ProcessBuilder builder =
          new ProcessBuilder(new Bubblewrap(programs).command(folder.path(), user));
      builder.environment().clear();
      Thread.ofPlatform().daemon().name("sandbox/server").start(() -> server.live(builder));
      Thread.ofVirtual().name("sandbox/accept").start(server::accept);
      server.awaitReady();
      return server;
    } catch (IOException e) {
      throw new SandboxUnavailable(
          "the files of a sandbox cannot be written: "
              + e
              + "; free or choose another java.io.tmpdir",
          e);
    }
  }

  private void awaitReady() {
    boolean done = false;
    try {
      done = Waits.await(started, START);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ready) {
      close();
      throw Diagnosis.of(done ? log.get() : "it is not ready after " + START.toSeconds() + " s");
    }
  }

  /// The life of the process: this thread starts it and outlives it.
  private void live(ProcessBuilder builder) {
    try {
      Process begun = builder.start();
      process = Optional.of(begun);
      Thread errors = Thread.ofPlatform().daemon().name("sandbox/log").start(() -> keepLog(begun));
      try (BufferedReader answers = begun.inputReader()) {
        ready = "ready".equals(answers.readLine());
        if (ready) {
          started.countDown();
        }
        while (answers.readLine() != null) {}
      }
      begun.waitFor();
      errors.join();
    } catch (IOException e) {
      log.set(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended = true;
      started.countDown();
      release();
    }
  }

  private void keepLog(Process begun) {
    try (InputStream errors = begun.getErrorStream()) {
      byte[] buffer = new byte[4096];
      for (int read = errors.read(buffer); read >= 0; read = errors.read(buffer)) {
        String text = new String(buffer, 0, read, StandardCharsets.UTF_8);
        log.updateAndGet(before ->
            (before + text).substring(Math.max(0, before.length() + text.length() - 4096)));
      }
    } catch (IOException e) {
      log.updateAndGet(before -> before + e.getMessage());
    }
  }

  private void accept() {
    while (true) {
      try {
        SocketChannel link = listener.accept();
        Thread.ofVirtual().name("sandbox/cell").start(() -> welcome(link));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        log.updateAndGet(before -> before + e.getMessage());
        return;
      }
    }
  }

  private void welcome(SocketChannel link) {
    try {
      Cell cell = Cell.greet(link);
      if (ended || !cells.offer(Optional.of(cell))) {
        cell.close();
      }
    } catch (IOException e) {
      log.updateAndGet(before -> before + e.getMessage());
    }
  }

  /// Asks for one more sandbox, which will wait in [#take].
  void spawn() {
    command("spawn");
  }

  /// Kills a sandbox whose keeper does not answer.
  void kill(Cell cell) {
    command("kill " + cell.keeper());
    cell.close();
  }

  private void command(String text) {
    process.ifPresent(begun -> {
      synchronized (started) {
        try {
          OutputStream commands = begun.getOutputStream();
          commands.write((text + "\n").getBytes(StandardCharsets.UTF_8));
          commands.flush();
        } catch (IOException e) {
          log.updateAndGet(before -> before + e.getMessage());
        }
      }
    });
  }

  /// A sandbox that has been asked for, once it is ready; empty after the limit, and once the
  /// server has ended.
  Optional<Cell> take(Duration limit) throws InterruptedException {
    Waits.announce();
    Optional<Cell> taken =
        Objects.requireNonNullElse(
            cells.poll(limit.toNanos(), TimeUnit.NANOSECONDS), Optional.empty());
    if (ended) {
      cells.offer(Optional.empty()); // for the next caller that waits
    }
    return taken;
  }

  /// Whether it makes sandboxes.
  boolean isAlive() {
    return !ended;
  }

  /// The end of what it has printed to standard error.
  String log() {
    return log.get();
  }

  void destroy() {
    process.ifPresent(Process::destroyForcibly);
  }

  private void release() {
    if (released.getAndSet(true)) {
      return;
    }
    try {
      listener.close();
    } catch (IOException e) {
      log.updateAndGet(before -> before + e.getMessage());
    }
    List<Optional<Cell>> waiting = new ArrayList<>();
    cells.drainTo(waiting);
    waiting.forEach(cell -> cell.ifPresent(Cell::close));
    cells.offer(Optional.empty());
    folder.close();
  }

  /// Ends it and all sandboxes, within some seconds.
  @Override
  public void close() {
    process.ifPresent(begun -> {
      try {
        begun.getOutputStream().close();
        if (!begun.waitFor(2, TimeUnit.SECONDS)) {
          begun.destroyForcibly();
        }
      } catch (IOException e) {
        begun.destroyForcibly();
      } catch (InterruptedException e) {
        begun.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    });
    release();
  }
}
