package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Weights;
import dev.burnish.testing.ChildJvm;
import dev.burnish.train.SharedState.Case;
import dev.burnish.train.SharedState.Expected;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Trainers in processes of their own over memory that they share with this one, killed with signal
/// 9 at random moments: they end with the bits of an undisturbed trainer.
///
/// `-Dburnish.kills=200 -Dburnish.killSeed=7` kills more often.
@Timeout(600)
class KilledTrainerTest {
  private static final int KILLS = Integer.getInteger("burnish.kills", 4);
  private static final long SEED = Long.getLong("burnish.killSeed", 1);
  private static final int KILLED = 137;

  @TempDir private Path folder;

  private static MemorySegment map(Path file, Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), arena);
    }
  }

  /// The trainer's process.
  static final class Child {
    private Child() {}

    /// Trains to the end, and prints every fault point.
    ///
    /// @param args the file of the memory, the case, the point at which it stops and waits to be
    ///   killed, or 0
    public static void main(String... args) throws IOException {
      Case kind = Case.valueOf(args[1]);
      int last = Integer.parseInt(args[2]);
      AtomicInteger reached = new AtomicInteger();
      FaultPoint.install(point -> {
        System.out.println("reached " + point);
        if (reached.incrementAndGet() == last) {
          awaitEnd();
        }
      });
      try (Arena arena = Arena.ofShared();
          LanguageModel source = kind.model()) {
        TrainerMemory memory =
            TrainerMemory.attach(
                map(Path.of(args[0]), arena),
                source.decoder().trainedWeights().layouts(),
                kind.config());
        LanguageModel model = SharedState.model(kind, source, memory.weights());
        LocalTrainer trainer =
            LocalTrainer.recoverable(
                memory, model.decoder(), SharedState.STEPS, TrainerOptions.defaults());
        while (trainer.stepsDone() < SharedState.STEPS) {
          long step = trainer.stepsDone() + 1;
          trainer.step(step, SharedState.batch(step));
        }
      }
    }

    private static void awaitEnd() {
      try {
        int _ = System.in.read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /// @param points that the process reached
  private record Life(boolean killed, int points, String output) {}

  /// Starts the trainer's process, until it ends or is killed after a point.
  ///
  /// @param point 0 for none
  /// @param waits whether the process waits at the point, so that it is killed there and not
  ///   wherever it is by then
  private static Life live(Path file, Case kind, int point, boolean waits) throws Exception {
    Process process = start(file, kind, waits ? point : 0);
    int points = 0;
    StringBuilder output = new StringBuilder();
    try (BufferedReader reader = process.inputReader()) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("reached ")) {
          if (++points == point) {
            process.toHandle().destroyForcibly();
          }
        } else {
          output.append(line).append('\n');
        }
      }
    }
    int status = process.waitFor();
    assertThat(status).as(output.toString()).isIn(0, KILLED);
    return new Life(status == KILLED, points, output.toString());
  }

  private static Process start(Path file, Case kind, int point) throws IOException {
    return ChildJvm.start(
        Child.class, List.of(file.toString(), kind.name(), Integer.toString(point)));
  }

  private Path create(Case kind, Arena arena) throws IOException {
    Path file = Files.createTempFile(folder, "state-", ".bin");
    try (LanguageModel model = kind.model()) {
      Weights weights = model.decoder().trainedWeights();
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        long bytes = TrainerMemory.bytes(weights.layouts(), kind.config());
        channel.write(ByteBuffer.allocate(1), bytes - 1);
      }
      TrainerMemory.create(map(file, arena), weights, kind.config()).close();
    }
    return file;
  }

  private static TrainerMemory attach(Path file, Case kind, Arena arena) throws IOException {
    try (LanguageModel model = kind.model()) {
      return TrainerMemory.attach(
          map(file, arena), model.decoder().trainedWeights().layouts(), kind.config());
    }
  }

  @Test
  void endsInTheSameBitsWhereverItIsKilled() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    int kills = 0;
    for (int attempt = 0; kills < KILLS; attempt++) {
      Case kind = attempt % 2 == 0 ? Case.ADAMW : Case.MUON;
      Expected expected = Expected.of(kind);
      try (Arena arena = Arena.ofShared()) {
        Path file = create(kind, arena);
        Life life;
        do {
          life = live(file, kind, random.nextInt(1, 400), random.nextBoolean());
          kills += life.killed() ? 1 : 0;
        } while (life.killed());
        String where = "seed=%d attempt=%d: %s".formatted(SEED, attempt, life.output());
        TrainerMemory memory = attach(file, kind, arena);
        List<float[]> state = SharedState.state(memory.weights(), memory.moments());
        List<float[]> wanted = expected.state(SharedState.STEPS);
        for (int i = 0; i < wanted.size(); i++) {
          assertThat(Arrays.equals(state.get(i), wanted.get(i))).as(where).isTrue();
        }
        assertThat(memory.done().report().orElseThrow().withSeconds(0))
            .as(where)
            .isEqualTo(expected.report(SharedState.STEPS));
      }
    }
    System.out.println("killed " + kills + " trainers, seed=" + SEED);
  }

  @Test
  void aProcessThatLivesKeepsItsState() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Path file = create(Case.SGD, arena);
      Process process = start(file, Case.SGD, 1);
      try (BufferedReader reader = process.inputReader()) {
        assertThat(reader.lines().filter(line -> line.startsWith("reached ")).findFirst())
            .isPresent();
        TrainerMemory memory = attach(file, Case.SGD, arena);
        assertThatThrownBy(() -> memory.journal().claim(Duration.ZERO))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("pid=" + process.pid());
        process.toHandle().destroyForcibly();
        memory.journal().claim(Duration.ofSeconds(60));
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
  }
}
