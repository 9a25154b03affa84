package dev.burnish.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLongArray;

/// A file that is filled in several places at once, with a journal next to it of how far each place
/// is. Both survive a kill. A journal that is ahead of the data, as after a power cut, is caught by
/// the digest.
final class PartialFile implements AutoCloseable {
  private final HubFile file;
  private final Path target;
  private final Path dataPath;
  private final Path journalPath;
  private final FileChannel data;
  private final FileChannel journal;
  private final AtomicLongArray done;
  private final long partBytes;

  /// Resumes an earlier attempt, or starts from the beginning if there is none of the same shape.
  PartialFile(HubFile file, Path target, long partBytes) throws IOException {
    this.file = file;
    this.target = target;
    this.partBytes = partBytes;
    this.dataPath = target.resolveSibling(target.getFileName() + ".burnish-data");
    this.journalPath = target.resolveSibling(target.getFileName() + ".burnish-journal");
    this.done = new AtomicLongArray(Math.toIntExact(Math.ceilDiv(file.size(), partBytes)));
    this.data = open(dataPath);
    this.journal = open(journalPath);
    restore();
  }

  int parts() {
    return done.length();
  }

  /// First byte of a part in the file.
  long start(int part) {
    return part * partBytes;
  }

  /// Bytes of a part.
  long size(int part) {
    return Math.min(partBytes, file.size() - start(part));
  }

  /// Bytes of a part that are here.
  long done(int part) {
    return done.get(part);
  }

  long done() {
    long sum = 0;
    for (int part = 0; part < parts(); part++) {
      sum += done(part);
    }
    return sum;
  }

  /// Adds bytes to a part. Each part has one writing thread.
  void append(int part, ByteBuffer bytes) throws IOException {
    long at = start(part) + done(part);
    int count = bytes.remaining();
    while (bytes.hasRemaining()) {
      at += data.write(bytes, at);
    }
    long now = done(part) + count;
    writeLong(Long.BYTES * (part + 2L), now);
    done.set(part, now);
  }

  /// Checks the digest and gives the file its name.
  ///
  /// @throws HubException if the digest differs; the file is then removed
  void complete() throws IOException {
    data.truncate(file.size());
    data.force(true);
    HubFile.Check check = file.new Check();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 17);
    for (long at = 0; at < file.size(); ) {
      int count = data.read(buffer.clear(), at);
      if (count < 0) {
        break;
      }
      check.update(buffer.flip());
      at += count;
    }
    try {
      check.requireMatch();
    } catch (HubException e) {
      Files.deleteIfExists(dataPath);
      Files.deleteIfExists(journalPath);
      throw e;
    }
    Files.move(
        dataPath, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(journalPath);
  }

  @Override
  public void close() throws IOException {
    data.close();
    journal.close();
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /// The journal has the size of the file, the size of a part, and the bytes of each part.
  private void restore() throws IOException {
    if (readLong(0) != file.size() || readLong(Long.BYTES) != partBytes) {
      journal.truncate(0);
      writeLong(0, file.size());
      writeLong(Long.BYTES, partBytes);
    }
    for (int part = 0; part < parts(); part++) {
      long here = readLong(Long.BYTES * (part + 2L));
      boolean sound = here >= 0 && here <= size(part) && start(part) + here <= data.size();
      done.set(part, sound ? here : 0);
    }
  }

  private long readLong(long at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES);
    return journal.read(bytes, at) == Long.BYTES ? bytes.getLong(0) : 0;
  }

  private void writeLong(long at, long value) throws IOException {
    journal.write(ByteBuffer.allocate(Long.BYTES).putLong(0, value), at);
  }
}
