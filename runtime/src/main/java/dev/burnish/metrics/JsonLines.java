package dev.burnish.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// A file of one JSON object a line, appended to as a run goes on.
///
/// A line is there whole or not at all: when the disk is full the part that fitted is taken back,
/// and what a killed process has left of its last line is cut off when the file is opened again.
/// Threading: safe for all threads.
public final class JsonLines implements AutoCloseable {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().disable(SerializationFeature.FAIL_ON_EMPTY_BEANS).build();

  private final Path file;
  private final FileChannel channel;
  private long size;

  private JsonLines(Path file, FileChannel channel, long size) {
    this.file = file;
    this.channel = channel;
    this.size = size;
  }

  /// Opens a file for appending; makes it if there is none.
  ///
  /// @throws UncheckedIOException if it cannot be opened
  public static JsonLines append(Path file) {
    try {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      long size = endOfLastLine(channel);
      channel.truncate(size);
      return new JsonLines(file, channel, size);
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
      writeFully(ByteBuffer.wrap(line));
      size += line.length;
    } catch (IOException e) {
      takeBack(e);
      throw failure(file, e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  private void writeFully(ByteBuffer line) throws IOException {
    long position = size;
    while (line.hasRemaining()) {
      position += channel.write(line, position);
    }
  }

  private void takeBack(IOException cause) {
    try {
      channel.truncate(size);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static long endOfLastLine(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    for (long end = channel.size(); end > 0; end -= Math.min(end, buffer.capacity())) {
      long start = Math.max(0, end - buffer.capacity());
      buffer.clear().limit((int) (end - start));
      while (buffer.hasRemaining() && channel.read(buffer, start + buffer.position()) >= 0) {
        // reads until the block is full
      }
      for (int i = buffer.position() - 1; i >= 0; i--) {
        if (buffer.get(i) == '\n') {
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
