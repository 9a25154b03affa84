package dev.burnish.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// A file of one JSON object per line, appended to while a run continues.
///
/// A line is written whole or not at all: when the disk is full the part that fitted is removed,
/// and the partial last line of a killed process is cut off when the file is opened again.
/// Threading: safe for all threads.
public final class JsonLines implements AutoCloseable {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().disable(SerializationFeature.FAIL_ON_EMPTY_BEANS).build();

  private final Path file;

  /// Not a channel: that is closed when a thread that writes is interrupted.
  private final RandomAccessFile lines;

  private long size;

  private JsonLines(Path file, RandomAccessFile lines, long size) {
    this.file = file;
    this.lines = lines;
    this.size = size;
  }

  /// Opens a file for appending; creates it if there is none.
  ///
  /// @throws UncheckedIOException if it cannot be opened
  public static JsonLines append(Path file) {
    try {
      RandomAccessFile lines = new RandomAccessFile(file.toFile(), "rw");
      try {
        long size = endOfLastLine(lines);
        if (size < lines.length()) {
          lines.setLength(size);
        }
        return new JsonLines(file, lines, size);
      } catch (IOException e) {
        lines.close();
        throw e;
      }
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  /// Appends a record, a map or anything else that Jackson writes.
  ///
  /// @throws UncheckedIOException if there is no room for it; the file is as before
  public synchronized void write(Object value) {
    byte[] line = (MAPPER.writeValueAsString(value) + "\n").getBytes(UTF_8);
    try {
      lines.seek(size);
      lines.write(line);
      size += line.length;
    } catch (IOException e) {
      takeBack(e);
      throw failure(file, e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      lines.close();
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private void takeBack(IOException cause) {
    try {
      lines.setLength(size);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static long endOfLastLine(RandomAccessFile lines) throws IOException {
    byte[] buffer = new byte[8192];
    for (long end = lines.length(); end > 0; end -= Math.min(end, buffer.length)) {
      long start = Math.max(0, end - buffer.length);
      int count = (int) (end - start);
      lines.seek(start);
      lines.readFully(buffer, 0, count);
      for (int i = count - 1; i >= 0; i--) {
        if (buffer[i] == '\n') {
          return start + i + 1;
        }
      }
    }
    return 0;
  }

  static UncheckedIOException failure(Path file, IOException e) {
    return new UncheckedIOException(
        "cannot write: file=%s (%s); free space on its disk or choose another folder"
            .formatted(file, e.getMessage()),
        e);
  }
}
