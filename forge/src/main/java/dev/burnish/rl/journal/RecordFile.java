package dev.burnish.rl.journal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/// A file of records that grows at its end: `length` and `crc32c` as big-endian integers, then the
/// bytes. A record that a killed process left half written, or that was damaged, ends the file.
/// Thread-safe.
public final class RecordFile implements AutoCloseable {
  private static final byte[] MAGIC = "BRNEPI03".getBytes(US_ASCII);
  private static final int HEADER = 8;

  private final Path path;

  /// Not a channel: that is closed when a thread that writes is interrupted.
  private final RandomAccessFile file;

  private long end;

  /// Codecs for records of any size.
  public static Codecs codecs() {
    return new Codecs(List.of(), Limits.defaults().withMaxBytes(Integer.MAX_VALUE - 64));
  }

  /// Takes a record and its place, and returns nothing.
  public interface Visitor {
    void visit(long place, byte[] record);
  }

  private RecordFile(Path path, RandomAccessFile file) {
    this.path = path;
    this.file = file;
  }

  /// Opens a file for appending, creates it if there is none, cuts off what follows its last whole
  /// record, and visits its records.
  ///
  /// @throws IllegalArgumentException if it is another kind of file
  /// @throws UncheckedIOException if it cannot be read or written
  public static RecordFile append(Path path, Visitor visitor) {
    return open(path, "rw", visitor);
  }

  /// Opens a file for reading, and visits its whole records.
  ///
  /// @throws IllegalArgumentException if it is another kind of file
  /// @throws UncheckedIOException if it cannot be read
  public static RecordFile read(Path path, Visitor visitor) {
    return open(path, "r", visitor);
  }

  private static RecordFile open(Path path, String mode, Visitor visitor) {
    try {
      RecordFile opened = new RecordFile(path, new RandomAccessFile(path.toFile(), mode));
      try {
        opened.scan(mode.contains("w"), visitor);
        return opened;
      } catch (IOException | RuntimeException e) {
        opened.file.close();
        throw e;
      }
    } catch (IOException e) {
      throw failure("open", path, e);
    }
  }

  private void scan(boolean mend, Visitor visitor) throws IOException {
    long length = file.length();
    if (length < MAGIC.length && mend) {
      file.setLength(0);
      file.write(MAGIC);
      end = MAGIC.length;
      return;
    }
    byte[] magic = new byte[(int) Math.min(length, MAGIC.length)];
    file.readFully(magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new IllegalArgumentException(
          "a recording must begin as one of a loop does: file=" + path);
    }
    end = MAGIC.length;
    for (byte[] record = next(length); record.length > 0; record = next(length)) {
      long place = end;
      end += HEADER + record.length;
      visitor.visit(place, record);
    }
    if (end < length && mend) {
      file.setLength(end);
    }
  }

  /// The record at the end of those that are known; empty if there is no whole one.
  private byte[] next(long length) throws IOException {
    if (end + HEADER > length) {
      return new byte[0];
    }
    file.seek(end);
    int size = file.readInt();
    int crc = file.readInt();
    if (size <= 0 || size > length - end - HEADER) {
      return new byte[0];
    }
    byte[] record = new byte[size];
    file.readFully(record);
    return crc(record) == crc ? record : new byte[0];
  }

  /// Appends a record.
  ///
  /// @return its place
  /// @throws UncheckedIOException if there is no room for it; the file is as before
  public synchronized long append(byte[] record) {
    long place = end;
    try {
      ByteBuffer whole = ByteBuffer.allocate(HEADER + record.length);
      whole.putInt(record.length).putInt(crc(record)).put(record);
      file.seek(place);
      file.write(whole.array());
      end += whole.capacity();
      return place;
    } catch (IOException e) {
      takeBack(e);
      throw failure("write", path, e);
    }
  }

  private void takeBack(IOException cause) {
    try {
      file.setLength(end);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /// The record at a place that [#append] returned or a visitor was told.
  public synchronized byte[] at(long place) {
    try {
      file.seek(place);
      byte[] record = new byte[file.readInt()];
      int crc = file.readInt();
      file.readFully(record);
      if (crc(record) != crc) {
        throw new IOException("a record is damaged: place=" + place);
      }
      return record;
    } catch (IOException e) {
      throw failure("read", path, e);
    }
  }

  /// Bytes after the last whole record: of one that is half written or damaged, and of all that
  /// follow it. None in a file that was opened for appending.
  public synchronized long unreadable() {
    try {
      return file.length() - end;
    } catch (IOException e) {
      throw failure("read", path, e);
    }
  }

  /// Makes everything durable.
  public synchronized void force() {
    try {
      file.getFD().sync();
    } catch (IOException e) {
      throw failure("write", path, e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw failure("close", path, e);
    }
  }

  private static int crc(byte[] record) {
    CRC32C crc = new CRC32C();
    crc.update(record);
    return (int) crc.getValue();
  }

  private static UncheckedIOException failure(String what, Path path, IOException e) {
    return new UncheckedIOException(
        "cannot %s: file=%s (%s); free space on its disk or choose another folder"
            .formatted(what, path, e.getMessage()),
        e);
  }
}
