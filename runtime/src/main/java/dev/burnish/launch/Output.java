package dev.burnish.launch;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.launch.LogLine.Source;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// Reads what a process prints, keeps its end and passes everything on.
public final class Output {
  /// Lines that are kept.
  static final int KEPT = 50;

  private static final int STACK = 1 << 17;

  private final String process;
  private final LogSink sink;
  private final Deque<String> last = new ArrayDeque<>();
  private final List<Thread> threads;

  /// Reads two streams to their ends, on a thread each.
  ///
  /// @param sink given each line
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
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, UTF_8), 1024)) {
      String line = lines.readLine();
      while (line != null) {
        synchronized (last) {
          last.add(line);
          if (last.size() > KEPT) {
            last.remove();
          }
        }
        sink.accept(new LogLine(process, source, line));
        line = lines.readLine();
      }
    } catch (IOException e) {
      System.getLogger(Output.class.getName())
          .log(System.Logger.Level.DEBUG, "output of {0} ended: {1}", process, e);
    }
  }
}
