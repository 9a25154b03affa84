package dev.burnish.launch;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.launch.LogLine.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// Reads the output of a process, keeps its end and passes everything on. It keeps reading whatever
/// becomes of the lines: a process that prints is never held up by the consumer of its output.
public final class Output {
  /// Lines that are kept, and characters of them.
  static final int KEPT = 50;

  static final int KEPT_SIZE = 1 << 18;

  /// The JVM prints it whenever a process may compute on vectors; it tells a user nothing.
  private static final String VECTORS = "WARNING: Using incubator modules: jdk.incubator.vector";

  private static final int STACK = 1 << 17;

  private final String process;
  private final LogSink sink;
  private final Deque<String> last = new ArrayDeque<>();
  private int lastSize;
  private boolean failing;
  private final List<Thread> threads;

  /// Reads two streams to their ends, on one thread each.
  ///
  /// @param sink receives each line; it must not wait, as [Backlog] does not
  public Output(String process, InputStream out, InputStream err, LogSink sink) {
    this.process = process;
    this.sink = sink;
    this.threads = List.of(read(out, Source.OUT), read(err, Source.ERR));
  }

  /// The last lines, at most 50.
  public List<String> last() {
    synchronized (last) {
      return List.copyOf(last);
    }
  }

  /// Waits a short time until everything was read.
  public void awaitEnd() {
    try {
      for (Thread thread : threads) {
        thread.join(200);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Thread read(InputStream stream, Source source) {
    return Thread.ofPlatform()
        .daemon()
        .stackSize(STACK)
        .name(process + "/" + source)
        .start(() -> readLines(stream, source));
  }

  private void readLines(InputStream stream, Source source) {
    try (Reader text = new InputStreamReader(stream, UTF_8)) {
      Lines.read(text, line -> take(source, line));
    } catch (IOException e) {
      System.getLogger(Output.class.getName())
          .log(System.Logger.Level.DEBUG, "output of {0} ended: {1}", process, e);
    }
  }

  private void take(Source source, String line) {
    if (source == Source.ERR && line.equals(VECTORS)) {
      return;
    }
    synchronized (last) {
      last.add(line);
      lastSize += line.length();
      while (last.size() > KEPT || lastSize > KEPT_SIZE) {
        lastSize -= last.remove().length();
      }
    }
    try {
      sink.accept(new LogLine(process, source, line));
    } catch (RuntimeException | Error e) {
      told(e);
    }
  }

  /// Reading continues: the process would otherwise wait for ever.
  private synchronized void told(Throwable failure) {
    if (!failing) {
      failing = true;
      System.getLogger(Output.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "what " + process + " prints is not passed on: its sink failed",
              failure);
    }
  }
}
