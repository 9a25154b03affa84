package dev.burnish.launch;

import dev.burnish.concurrent.TerminalText;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// Console log of this process, written by a separate thread: a terminal that is paused blocks
/// every thread that writes to it, and the threads that log are those that restart processes and
/// receive messages.
///
/// The queue is bounded; records that come when it is full are dropped and counted.
public final class LogApart extends Handler {
  /// How the user has set what a line looks like.
  private static final String FORMAT = "java.util.logging.SimpleFormatter.format";

  private static final int MOST = 1000;
  private static final Duration LAST_RECORDS = Duration.ofSeconds(1);

  private final Handler console;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<LogRecord> waiting = new ArrayDeque<>();
  private final Thread thread;
  private long numLeftOut;
  private boolean closed;

  /// @param console which may wait
  LogApart(Handler console) {
    this.console = console;
    setLevel(console.getLevel());
    console.setFormatter(new Harmless(console.getFormatter()));
    thread = Thread.ofPlatform().daemon().name("burnish-log").start(this::writeAll);
  }

  /// Moves console logging to a separate thread, soon, if this process uses the JVM's default log
  /// configuration: any other configuration stays as it is.
  public static void begin() {
    Thread.ofPlatform().daemon().name("burnish-log/begin").start(LogApart::install);
  }

  private static synchronized void install() {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      if (handler.getClass() == ConsoleHandler.class) {
        root.removeHandler(handler);
        if (System.getProperty(FORMAT) == null) {
          handler.setFormatter(new OneLine());
        }
        root.addHandler(new LogApart(handler));
      }
    }
  }

  @Override
  @SuppressWarnings("ResultOfMethodCallIgnored")
  public void publish(LogRecord logged) {
    if (!isLoggable(logged)) {
      return;
    }
    // Found in the stack of the logging thread.
    logged.getSourceMethodName();
    lock.lock();
    try {
      if (waiting.size() < MOST) {
        waiting.add(logged);
        changed.signalAll();
      } else {
        numLeftOut++;
      }
    } finally {
      lock.unlock();
    }
  }

  private void writeAll() {
    Optional<LogRecord> next = next();
    while (next.isPresent()) {
      console.publish(next.get());
      next = next();
    }
    console.flush();
  }

  private Optional<LogRecord> next() {
    lock.lock();
    try {
      while (waiting.isEmpty() && numLeftOut == 0 && !closed) {
        changed.awaitUninterruptibly();
      }
      Optional<LogRecord> next = Optional.ofNullable(waiting.poll());
      return numLeftOut > 0 && next.isEmpty() ? Optional.of(notice()) : next;
    } finally {
      lock.unlock();
    }
  }

  private LogRecord notice() {
    LogRecord notice =
        new LogRecord(
            Level.WARNING, numLeftOut + " messages were left out: the console took too long");
    notice.setLoggerName(LogApart.class.getName());
    numLeftOut = 0;
    return notice;
  }

  @Override
  public void flush() {}

  /// Waits a short time until everything is written.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(LAST_RECORDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The time, the level and the message, then what was thrown.
  static final class OneLine extends Formatter {
    @Override
    public String format(LogRecord logged) {
      String line =
          "%tT %s: %s%n"
              .formatted(
                  logged.getInstant().atZone(ZoneId.systemDefault()),
                  logged.getLevel(),
                  formatMessage(logged));
      StringWriter thrown = new StringWriter();
      if (logged.getThrown() != null) {
        logged.getThrown().printStackTrace(new PrintWriter(thrown));
      }
      return line + thrown;
    }
  }

  /// Messages contain names that others have chosen.
  private static final class Harmless extends Formatter {
    private final Formatter usual;

    Harmless(Formatter usual) {
      this.usual = usual;
    }

    @Override
    public String format(LogRecord logged) {
      return TerminalText.cleanLines(usual.format(logged));
    }
  }
}
