package dev.burnish.train.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.checkpoint.Best.Goal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CheckpointsTest {
  @TempDir private Path folder;
  private final float[] values = {1, 2, 3};

  private FaultPoint.Installed fault = FaultPoint.install(_ -> {});

  @AfterEach
  void takeTheFaultOut() {
    fault.close();
  }

  /// A model of one part and three weights.
  private Freeze tensors() {
    return new Freeze(List.of(source(values)), false, 1 << 20);
  }

  private static Freeze.Source source(float[] values) {
    return new Freeze.Source() {
      @Override
      public long bytes() {
        return 4L * values.length;
      }

      @Override
      public List<StoredTensor> open(Arena arena) {
        MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        return List.of(new StoredTensor("values", DType.F32, new long[] {values.length}, data));
      }
    };
  }

  private void save(Checkpoints checkpoints, long number) {
    save(checkpoints, number, Optional.empty());
  }

  private void save(Checkpoints checkpoints, long number, Optional<Best> best) {
    checkpoints.save(number, tensors(), Map.of("note", ("after " + number).getBytes(UTF_8)), best);
    checkpoints.await();
  }

  /// Stands for a device: memory that is not the stored bytes in order.
  @Test
  void restoresIntoTensorsOfAnotherLayoutAndType() {
    try (Checkpoints checkpoints = Checkpoints.open(folder);
        TensorScope _ = TensorScope.open()) {
      save(checkpoints, 1);
      Snapshot snapshot = Snapshot.open(checkpoints.all().getFirst());
      Tensor twoColumns = Tensor.zeros(DType.F32, Device.CPU, 3, 2);
      Tensor column = twoColumns.select(1, 1);
      Tensor halves = Tensor.zeros(DType.BF16, Device.CPU, 3);
      snapshot.copyTo("part-000", Map.of("values", column));
      snapshot.copyTo("part-000", Map.of("values", halves));
      assertThat(twoColumns.contiguous().toFloatArray()).containsExactly(0, 1, 0, 2, 0, 3);
      assertThat(halves.to(DType.F32).toFloatArray()).containsExactly(values);
    }
  }

  private static List<String> names(Checkpoints checkpoints) {
    return checkpoints.all().stream().map(path -> path.getFileName().toString()).toList();
  }

  private static float[] weights(Snapshot snapshot) {
    try (Tensor target = Tensor.zeros(DType.F32, Device.CPU, 3)) {
      snapshot.copyTo("part-000", Map.of("values", target));
      return target.toFloatArray();
    }
  }

  private static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 3] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void givesBackWhatItWasGiven() {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      assertThat(checkpoints.newest(_ -> {})).isEmpty();
      save(checkpoints, 7);
      Snapshot snapshot = checkpoints.newest(_ -> {}).orElseThrow();
      assertThat(snapshot.number()).isEqualTo(7);
      assertThat(weights(snapshot)).containsExactly(1, 2, 3);
      assertThat(snapshot.section("note")).contains("after 7".getBytes(UTF_8));
      assertThat(snapshot.section("other")).isEmpty();
    }
  }

  @Test
  void keepsTheLatestAndTheBestApart() {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      checkpoints.keep(2);
      for (int i = 1; i <= 5; i++) {
        save(checkpoints, i, Optional.of(new Best("accuracy", 0.5, 2)));
        assertThat(checkpoints.best()).isEqualTo(bestOf(checkpoints));
      }
      assertThat(names(checkpoints))
          .containsExactly("step-00000002", "step-00000004", "step-00000005");
      save(checkpoints, 6, Optional.of(new Best("accuracy", 0.7, 6)));
      save(checkpoints, 7);
      assertThat(names(checkpoints)).containsExactly("step-00000006", "step-00000007");
      assertThat(checkpoints.best()).contains(new Best("accuracy", 0.7, 6));
      checkpoints.forgetBestAfter(5);
      assertThat(checkpoints.best()).isEmpty();
    }
  }

  private static Optional<Best> bestOf(Checkpoints checkpoints) {
    return Optional.of(new Best("accuracy", 0.5, 2))
        .filter(best -> names(checkpoints).contains("step-00000002"));
  }

  @Test
  void knowsWhichValueIsBetter() {
    Best low = new Best("loss", 1, 1);
    Best high = new Best("loss", 2, 2);
    assertThat(Goal.LOWEST.better(low, high)).isTrue();
    assertThat(Goal.HIGHEST.better(low, high)).isFalse();
    assertThat(Goal.HIGHEST.better(high, low)).isTrue();
    assertThat(Goal.LOWEST.better(high, high)).isFalse();
    assertThat(Goal.HIGHEST.better(new Best("accuracy", 0, 1), high)).isTrue();
  }

  @Test
  void whatIsNoNumberIsNeverBest() {
    Best low = new Best("loss", 1, 1);
    Best broken = new Best("loss", Double.NaN, 2);
    for (Goal goal : Goal.values()) {
      assertThat(goal.better(broken, low)).isFalse();
      assertThat(goal.better(broken, broken)).isFalse();
      assertThat(goal.better(low, broken)).isTrue();
    }
  }

  @Test
  void namesTheSettingThatKeepsNoCheckpoint() {
    assertThatThrownBy(() -> new CheckpointConfig(0, 2, "", Goal.LOWEST))
        .hasMessageContaining("checkpoints.every=0");
    assertThatThrownBy(() -> new CheckpointConfig(1, 0, "", Goal.LOWEST))
        .hasMessageContaining("checkpoints.keep=0");
    assertThat(CheckpointConfig.defaults())
        .isEqualTo(new CheckpointConfig(100, 2, "", Goal.LOWEST));
  }

  @Test
  void returnsWhileTheFileIsWritten() throws InterruptedException {
    CountDownLatch mayWrite = new CountDownLatch(1);
    fault =
        FaultPoint.install(point -> {
          if (point.equals("checkpoint.piece")) {
            waitFor(mayWrite);
          }
        });
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      Freeze tensors = tensors();
      checkpoints.save(1, tensors, Map.of(), Optional.empty());
      assertThat(names(checkpoints)).isEmpty();
      tensors.beforeUpdate(0);
      values[0] = 100;
      mayWrite.countDown();
      checkpoints.await();
      assertThat(weights(checkpoints.newest(_ -> {}).orElseThrow())).containsExactly(1, 2, 3);
    }
  }

  /// Otherwise a worse checkpoint that comes before it is written would take its place.
  @Test
  void theBestOneIsKnownWhileItIsWrittenAndForgottenWhereThatFails() {
    CountDownLatch mayWrite = new CountDownLatch(1);
    Best first = new Best("loss", 2, 1);
    Best second = new Best("loss", 1, 2);
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      save(checkpoints, 1, Optional.of(first));
      fault =
          FaultPoint.install(point -> {
            if (point.equals("checkpoint.manifest")) {
              waitFor(mayWrite);
              throw new UncheckedIOException(new IOException("No space left on device"));
            }
          });
      checkpoints.save(2, tensors(), Map.of(), Optional.of(second));
      Optional<Best> meanwhile = checkpoints.best();
      mayWrite.countDown();
      checkpoints.await();
      assertThat(meanwhile).contains(second);
      assertThat(checkpoints.best()).contains(first);
      assertThat(checkpoints.failure()).isPresent();
    }
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFailedWriteIsToldOnceAndLosesNothing() {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      save(checkpoints, 1);
      fault = failingAt("checkpoint.manifest");
      save(checkpoints, 2);
      fault.close();
      assertThat(checkpoints.failure())
          .hasValueSatisfying(failure ->
              assertThat(failure)
                  .isInstanceOf(UncheckedIOException.class)
                  .hasMessageContaining("step-00000002")
                  .hasMessageContaining("No space left"));
      assertThat(checkpoints.failure()).isEmpty();
      assertThat(checkpoints.newest(_ -> {}).orElseThrow().number()).isEqualTo(1);
      save(checkpoints, 2);
      assertThat(checkpoints.failure()).isEmpty();
      assertThat(names(checkpoints)).containsExactly("step-00000001", "step-00000002");
    }
  }

  @Test
  void closingTellsOfAFailureThatNobodyAskedFor() {
    Checkpoints checkpoints = Checkpoints.open(folder);
    fault = failingAt("checkpoint.piece");
    save(checkpoints, 1);
    assertThatThrownBy(checkpoints::close).hasMessageContaining("No space left");
  }

  private static FaultPoint.Installed failingAt(String name) {
    return FaultPoint.install(point -> {
      if (point.equals(name)) {
        throw new UncheckedIOException(new IOException("No space left on device"));
      }
    });
  }

  @Test
  void setsADamagedOneAsideAndSaysSo() throws IOException {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      checkpoints.keep(3);
      save(checkpoints, 1);
      save(checkpoints, 2);
      save(checkpoints, 3);
      damage(checkpoints.place(3).resolve("part-000.safetensors"));
      Files.delete(checkpoints.place(2).resolve("section-note.bin"));
      List<String> said = new ArrayList<>();
      assertThat(checkpoints.newest(said::add).orElseThrow().number()).isEqualTo(1);
      assertThat(said)
          .anySatisfy(line ->
              assertThat(line)
                  .contains("step-00000003 is damaged")
                  .contains("part-000.safetensors does not match its digest")
                  .contains("goes on from step-00000001"))
          .anySatisfy(line -> assertThat(line).contains("section-note.bin is missing"))
          .hasSize(2);
      assertThat(folder.resolve("damaged-step-00000003")).isDirectory();
      assertThat(names(checkpoints)).containsExactly("step-00000001");
    }
  }

  @Test
  void everyFileIsHeldToItsDigest() throws IOException {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      save(checkpoints, 1);
      Path whole = checkpoints.all().getFirst();
      for (String name : List.of("section-note.bin", "part-000.safetensors")) {
        byte[] before = Files.readAllBytes(whole.resolve(name));
        damage(whole.resolve(name));
        assertThatThrownBy(() -> Snapshot.open(whole))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("file=" + name + " does not match its digest");
        Files.write(whole.resolve(name), before);
      }
      assertThat(Snapshot.open(whole).number()).isEqualTo(1);
    }
  }

  @Test
  void refusesToStartAnewWhereNoneIsWhole() throws IOException {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      save(checkpoints, 1);
      Files.writeString(checkpoints.place(1).resolve("manifest.json"), "{\"number\":1,");
      assertThatThrownBy(() -> checkpoints.newest(_ -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("step-00000001: manifest.json cannot be read")
          .hasMessageContaining("put a copy back");
      assertThat(names(checkpoints)).containsExactly("step-00000001");
    }
  }

  @Test
  void clearsAwayWhatAKilledProcessLeft() throws IOException {
    Files.createDirectories(folder.resolve(".partial-step-00000004"));
    Files.writeString(folder.resolve(".partial-step-00000004/part-000.safetensors"), "torn");
    Files.createDirectories(folder.resolve(".gone-step-00000001"));
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      save(checkpoints, 3);
      Files.move(checkpoints.place(3), folder.resolve(".replaced-step-00000003"));
    }
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      assertThat(checkpoints.newest(_ -> {}).orElseThrow().number()).isEqualTo(3);
      assertThat(Folders.list(folder, ".")).isEmpty();
    }
  }

  @Test
  void replacesOneOfTheSameNumber() {
    try (Checkpoints checkpoints = Checkpoints.open(folder)) {
      save(checkpoints, 1);
      values[0] = 9;
      save(checkpoints, 1);
      assertThat(weights(checkpoints.newest(_ -> {}).orElseThrow())).containsExactly(9, 2, 3);
      assertThat(Folders.list(folder, ".")).isEmpty();
    }
  }

  @Test
  void refusesOneOfAnotherModel() {
    try (Checkpoints checkpoints = Checkpoints.open(folder);
        Tensor four = Tensor.zeros(DType.F32, Device.CPU, 4)) {
      save(checkpoints, 1);
      Snapshot snapshot = checkpoints.newest(_ -> {}).orElseThrow();
      assertThatThrownBy(() -> snapshot.copyTo("part-000", Map.of("values", four)))
          .hasMessageContaining("tensor=values of shape=[4]");
      assertThatThrownBy(() -> snapshot.copyTo("part-001", Map.of()))
          .hasMessageContaining("lacks piece=part-001");
      assertThatThrownBy(() -> checkpoints.keep(0)).hasMessageContaining("keep=0");
    }
  }
}
