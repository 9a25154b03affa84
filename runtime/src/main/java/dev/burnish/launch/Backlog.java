package dev.burnish.launch;

import dev.burnish.launch.LogLine.Source;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Queue of lines for a sink that may be slow, or block for as long as it likes: a thread that has
/// a line leaves it here and never waits. A separate thread passes the lines on, in order.
///
/// The queue is bounded. When it is full, the oldest line is dropped of the process that has most
/// waiting: a process that prints much does not push out the lines of others. Dropped lines are
/// counted, and a line in their place gives the number. A sink that throws loses the line, nothing
/// else.
public final class Backlog implements LogSink, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Backlog.class.getName());
  private static final Duration LAST_LINES = Duration.ofSeconds(2);
  private static final long MOST = 4 << 20;

  /// Memory overhead of a line in addition to its text.
  private static final int OVERHEAD = 100;

  private final LogSink sink;
  private final long most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final TreeMap<Long, LogLine> waiting = new TreeMap<>();
  private final Map<String, Share> shares = new LinkedHashMap<>();
  private @Nullable Thread thread;
  private long size;
  private long numTaken;
  private boolean closed;
  private boolean failing;

  /// The waiting lines of a process, by number of the line, and the number of those dropped before.
  private static final class Share {
    private final Deque<Long> lines = new ArrayDeque<>();
    private long size;
    private long numLeftOut;

    /// A process without either is forgotten.
    boolean isEmpty() {
      return lines.isEmpty() && numLeftOut == 0;
    }
  }

  /// A backlog of some 8 MB at most.
  ///
  /// @param sink that gets each line from one thread; it may wait
  public Backlog(LogSink sink) {
    this(sink, MOST);
  }

  /// @param most the number of characters that may wait
  Backlog(LogSink sink, long most) {
    this.sink = sink;
    this.most = most;
  }

  @Override
  public void accept(LogLine line) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      Share share = shares.computeIfAbsent(line.process(), _ -> new Share());
      share.lines.add(numTaken);
      waiting.put(numTaken++, line);
      grow(share, size(line));
      while (size > most) {
        leaveOut();
      }
      if (thread == null) {
        thread = Thread.ofPlatform().daemon().name("burnish-output").start(this::giveAllOn);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void leaveOut() {
    Share largest =
        shares.values().stream().max(Comparator.comparingLong(s -> s.size)).orElseThrow();
    LogLine line = Optional.ofNullable(waiting.remove(largest.lines.remove())).orElseThrow();
    grow(largest, -size(line));
    largest.numLeftOut++;
  }

  private void grow(Share share, int by) {
    share.size += by;
    size += by;
  }

  private static int size(LogLine line) {
    return line.text().length() + OVERHEAD;
  }

  private void giveAllOn() {
    Optional<LogLine> line = next();
    while (line.isPresent()) {
      give(line.get());
      line = next();
    }
    guarded(sink::flush);
  }

  private void give(LogLine line) {
    guarded(() -> sink.accept(line));
  }

  private void guarded(Runnable work) {
    try {
      work.run();
      failing = false;
    } catch (Throwable e) {
      if (!failing) {
        failing = true;
        LOG.log(
            System.Logger.Level.WARNING,
            "the sink of what processes print failed; what it was given is left out",
            e);
      }
    }
  }

  /// The next line; empty when there will be no more.
  private Optional<LogLine> next() {
    lock.lock();
    try {
      while (true) {
        Optional<LogLine> next = waiting.isEmpty() ? notice() : Optional.of(first());
        if (next.isPresent() || closed) {
          return next;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The notice of lines dropped before the first waiting line, else that line.
  private LogLine first() {
    LogLine line = waiting.firstEntry().getValue();
    Share share = shares.get(line.process());
    if (share == null) {
      throw new IllegalStateException("a line that waits is counted: process=" + line.process());
    }
    if (share.numLeftOut > 0) {
      return notice(line.process(), share);
    }
    waiting.pollFirstEntry();
    share.lines.remove();
    grow(share, -size(line));
    forget(line.process(), share);
    return line;
  }

  /// The notice for a process that has no waiting lines.
  private Optional<LogLine> notice() {
    return shares.entrySet().stream()
        .findFirst()
        .map(entry -> notice(entry.getKey(), entry.getValue()));
  }

  private LogLine notice(String process, Share share) {
    long numLeftOut = share.numLeftOut;
    share.numLeftOut = 0;
    forget(process, share);
    return new LogLine(
        process,
        Source.ERR,
        "%d lines of %s were left out: output is taken too slowly".formatted(numLeftOut, process));
  }

  private void forget(String process, Share share) {
    if (share.isEmpty()) {
      shares.remove(process);
    }
  }

  /// Takes no more lines, and waits a short time until the queued ones were passed on.
  @Override
  public void close() {
    @Nullable Thread giving;
    lock.lock();
    try {
      closed = true;
      giving = thread;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (giving != null && giving != Thread.currentThread()) {
      join(giving);
    }
  }

  private static void join(Thread giving) {
    try {
      giving.join(LAST_LINES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
