package dev.burnish.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads the file back with a reader that shares no code with the writer: a bitwise checksum and a
/// walk over the fields of the protocol buffers.
class TensorBoardSinkTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.250Z");

  @TempDir private Path folder;

  private record Field(int number, int type, Object value) {}

  @Test
  void anIndependentReaderFindsEveryScalar() throws Exception {
    try (TensorBoardSink sink = new TensorBoardSink(folder, 0, InstantSource.fixed(NOW))) {
      sink.write(step(1, Map.of("rl/reward", 0.25, "größe", -3.5), Map.of()));
      sink.write(step(300, Map.of("rl/reward", 1e10), Map.of("seconds", 2.0)));
    }
    List<List<Field>> events = readEvents();
    assertThat(events).hasSize(3);
    assertThat(events).allSatisfy(e -> assertThat(value(e, 1)).isEqualTo(NOW.toEpochMilli() / 1e3));
    assertThat(new String((byte[]) value(events.get(0), 3), UTF_8)).isEqualTo("brain.Event:2");
    assertThat(value(events.get(1), 2)).isEqualTo(1L);
    assertThat(scalars(events.get(1)))
        .containsOnly(Map.entry("rl/reward", 0.25f), Map.entry("größe", -3.5f));
    assertThat(value(events.get(2), 2)).isEqualTo(300L);
    assertThat(scalars(events.get(2)))
        .containsOnly(Map.entry("rl/reward", 1e10f), Map.entry("times/seconds", 2f));
  }

  @Test
  void aRunThatGoesOnTakesBackTheStepsAfterItsCheckpoint() throws Exception {
    try (TensorBoardSink sink = new TensorBoardSink(folder, 7, InstantSource.fixed(NOW))) {
      sink.write(step(8, Map.of("loss", 1.0), Map.of()));
    }
    List<List<Field>> events = readEvents();
    assertThat(events).hasSize(3);
    assertThat(value(events.get(1), 2)).isEqualTo(8L);
    List<Field> session = fields((byte[]) value(events.get(1), 7));
    assertThat(session).extracting(Field::number, Field::value).containsExactly(tuple(1, 1L));
    new TensorBoardSink(folder, 7, InstantSource.fixed(NOW)).close();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("a file of its own each time").hasSize(2);
    }
  }

  @Test
  void theReadersChecksumIsCrc32c() {
    assertThat(crc32c("123456789".getBytes(UTF_8))).isEqualTo(0xE3069283);
  }

  private static StepMetrics step(
      long step, Map<String, Double> values, Map<String, Double> times) {
    return new StepMetrics(step, new TreeMap<>(values), new TreeMap<>(times));
  }

  private List<List<Field>> readEvents() throws Exception {
    Path file;
    try (Stream<Path> files = Files.list(folder)) {
      file = files.toList().getFirst();
    }
    assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.1767323045.");
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<List<Field>> events = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] length = new byte[8];
      in.get(in.position(), length);
      byte[] data = new byte[(int) in.getLong()];
      assertThat(in.getInt()).isEqualTo(masked(length));
      in.get(data);
      assertThat(in.getInt()).isEqualTo(masked(data));
      events.add(fields(data));
    }
    return events;
  }

  private static Map<String, Float> scalars(List<Field> event) {
    Map<String, Float> scalars = new TreeMap<>();
    for (Field field : fields((byte[]) value(event, 5))) {
      assertThat(field.number()).isEqualTo(1);
      List<Field> scalar = fields((byte[]) field.value());
      scalars.put(new String((byte[]) value(scalar, 1), UTF_8), (Float) value(scalar, 2));
    }
    return scalars;
  }

  private static Object value(List<Field> fields, int number) {
    return fields.stream().filter(f -> f.number() == number).findFirst().orElseThrow().value();
  }

  private static List<Field> fields(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    List<Field> fields = new ArrayList<>();
    while (in.hasRemaining()) {
      int tag = (int) varint(in);
      Object value =
          switch (tag & 7) {
            case 0 -> varint(in);
            case 1 -> in.getDouble();
            case 2 -> {
              byte[] bytes = new byte[(int) varint(in)];
              in.get(bytes);
              yield bytes;
            }
            case 5 -> in.getFloat();
            default -> throw new AssertionError("wire type " + (tag & 7));
          };
      fields.add(new Field(tag >>> 3, tag & 7, value));
    }
    return fields;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static int masked(byte[] data) {
    int crc = crc32c(data);
    return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
  }

  private static int crc32c(byte[] data) {
    int crc = ~0;
    for (byte b : data) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82F63B78;
      }
    }
    return ~crc;
  }
}
