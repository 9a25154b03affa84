package dev.burnish.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/// An event file that TensorBoard reads: a scalar per key and step.
///
/// The file is a series of records (length, checksum, bytes, checksum) of protocol buffers of the
/// types `Event` and `Summary`; the few fields in use are written by hand. Field numbers are those
/// of TensorFlow's `event.proto` and `summary.proto`.
public final class TensorBoardSink implements MetricSink {
  private static final int EVENT_WALL_TIME = 1;
  private static final int EVENT_STEP = 2;
  private static final int EVENT_FILE_VERSION = 3;
  private static final int EVENT_SUMMARY = 5;
  private static final int EVENT_SESSION = 7;
  private static final int SESSION_STATUS = 1;
  private static final int SESSION_START = 1;
  private static final int SUMMARY_VALUE = 1;
  private static final int VALUE_TAG = 1;
  private static final int VALUE_SIMPLE = 2;

  private static final AtomicInteger FILES = new AtomicInteger();

  private final Path file;

  /// Not a channel: that is closed when a thread that writes is interrupted.
  private final OutputStream events;

  private final InstantSource clock;

  /// Starts an event file in a folder, which it creates if need be.
  ///
  /// @throws UncheckedIOException if it cannot be written
  public TensorBoardSink(Path folder) {
    this(folder, 0);
  }

  /// Starts another event file of a run that resumes: later steps in the files before it no longer
  /// count.
  ///
  /// @param stepsDone the step after which it resumes; 0 for a new run
  /// @throws UncheckedIOException if it cannot be written
  public TensorBoardSink(Path folder, long stepsDone) {
    this(folder, stepsDone, InstantSource.system());
  }

  TensorBoardSink(Path folder, long stepsDone, InstantSource clock) {
    this.clock = clock;
    Instant now = clock.instant();
    this.file =
        folder.resolve(
            String.format(
                Locale.ROOT,
                "events.out.tfevents.%d.%d-%d.burnish",
                now.getEpochSecond(),
                ProcessHandle.current().pid(),
                FILES.incrementAndGet()));
    try {
      Files.createDirectories(folder);
      this.events = new FileOutputStream(file.toFile(), true);
    } catch (IOException e) {
      throw JsonLines.failure(file, e);
    }
    write(event(0).bytes(EVENT_FILE_VERSION, "brain.Event:2".getBytes(UTF_8)));
    if (stepsDone > 0) {
      byte[] start = new ProtoBuffer().varint(SESSION_STATUS, SESSION_START).toByteArray();
      write(event(stepsDone + 1).bytes(EVENT_SESSION, start));
    }
  }

  @Override
  public void write(StepMetrics metrics) {
    ProtoBuffer summary = new ProtoBuffer();
    metrics.values().forEach((key, value) -> addScalar(summary, key, value));
    metrics.times().forEach((key, value) -> addScalar(summary, "times/" + key, value));
    write(event(metrics.step()).bytes(EVENT_SUMMARY, summary.toByteArray()));
  }

  @Override
  public void close() {
    try {
      events.close();
    } catch (IOException e) {
      throw JsonLines.failure(file, e);
    }
  }

  private ProtoBuffer event(long step) {
    Instant now = clock.instant();
    return new ProtoBuffer()
        .fixed64(EVENT_WALL_TIME, now.getEpochSecond() + now.getNano() / 1e9)
        .varint(EVENT_STEP, step);
  }

  private static void addScalar(ProtoBuffer summary, String key, double value) {
    ProtoBuffer scalar =
        new ProtoBuffer()
            .bytes(VALUE_TAG, key.getBytes(UTF_8))
            .fixed32(VALUE_SIMPLE, (float) value);
    summary.bytes(SUMMARY_VALUE, scalar.toByteArray());
  }

  private void write(ProtoBuffer event) {
    byte[] data = event.toByteArray();
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    length.putLong(data.length).flip();
    ByteBuffer framed = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    framed.putLong(data.length).putInt(checksum(length));
    framed.put(data).putInt(checksum(ByteBuffer.wrap(data))).flip();
    try {
      events.write(framed.array(), 0, framed.limit());
    } catch (IOException e) {
      throw JsonLines.failure(file, e);
    }
  }

  /// CRC-32C, rotated and shifted: a checksum of data that itself holds checksums.
  static int checksum(ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }
}
