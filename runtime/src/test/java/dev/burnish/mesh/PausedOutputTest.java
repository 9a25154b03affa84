package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.launch.Resources;
import dev.burnish.link.failure.CallTimedOut;
import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Nobody reads what a program prints: a terminal is paused, a pipe is full.
@Timeout(120)
class PausedOutputTest {
  interface Talker {
    void talk(int numLines);

    void sleep(long millis);
  }

  static final class TalkerActor implements Talker {
    @Override
    public void talk(int numLines) {
      for (int i = 0; i < numLines; i++) {
        System.out.println(Integer.toString(i, 26).replaceAll("[0-9]", "z") + "x".repeat(1000));
      }
      System.out.println("the end");
      System.out.flush();
    }

    @Override
    public void sleep(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// A worker prints more than all buffers hold, and the program calls others meanwhile. Prints the
  /// outcome on standard error.
  public static final class Paused {
    private static final ActorSystemSettings SETTINGS = ActorSystemSettings.defaults();

    private Paused() {}

    /// Runs.
    public static void main(String... args) {
      try (Job job = Job.start(JobOptions.named("paused").with(SETTINGS))) {
        job.onUnhandled(failure -> System.err.println("unhandled: " + failure.reason()));
        OwnedMesh<Talker> talker = spawn(job, "talks");
        OwnedMesh<Talker> quiet = spawn(job, "quiet");
        quiet.only().sleep(0);
        talker.only().talk(20_000);
        System.err.println("talked");
        long patience = SETTINGS.link().heartbeatTimeout().toNanos();
        long end = System.nanoTime() + patience + patience / 4;
        while (System.nanoTime() < end) {
          call(quiet);
        }
        quiet.only().sleep(0);
        talker.only().sleep(0);
        System.err.println("lives");
      }
      System.err.println("closed");
    }

    private static void call(OwnedMesh<Talker> quiet) {
      long began = System.nanoTime();
      try {
        quiet.within(Duration.ofMillis(500)).only().sleep(60_000);
      } catch (CallTimedOut e) {
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        if (took.toSeconds() >= 5) {
          System.err.println("a deadline was late: " + took);
        }
      }
    }

    private static OwnedMesh<Talker> spawn(Job job, String name) {
      return job.hosts()
          .spawnProcs(name, Map.of("procs", 1), _ -> Resources.light())
          .spawn(name, Talker.class, TalkerActor::new);
    }
  }

  @Test
  void everythingElseGoesOnWhileNobodyReadsWhatIsPrinted() throws Exception {
    Process program = new ProcessBuilder(Programs.command(Paused.class)).start();
    try (BufferedReader err = program.errorReader();
        BufferedReader out = program.inputReader()) {
      assertThat(err.readLine()).isEqualTo("talked");
      assertThat(err.readLine()).isEqualTo("lives");
      List<String> printed = out.lines().toList();
      assertThat(printed.getFirst()).startsWith("[talks/0] zx");
      assertThat(printed).anyMatch(line -> line.matches(".*\\d+ lines of talks/0 were left out.*"));
      assertThat(printed).contains("[talks/0] the end");
      assertThat(err.lines().toList()).containsExactly("closed");
      assertThat(program.waitFor()).isZero();
    } finally {
      end(program);
    }
  }

  @Test
  void aProgramEndsAlthoughNobodyReadsWhatItPrints() throws Exception {
    Process program = new ProcessBuilder(Programs.command(Paused.class)).start();
    try (BufferedReader err = program.errorReader()) {
      assertThat(err.lines().toList()).containsExactly("talked", "lives", "closed");
      assertThat(program.waitFor()).isZero();
    } finally {
      end(program);
    }
  }

  private static void end(Process program) throws IOException, InterruptedException {
    program.destroyForcibly().waitFor();
  }
}
