package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.JobProgram;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

/// `ps`, `logs` and `stop` with a job in a process of its own.
@Timeout(120)
class JobCommandsTest {
  private record Outcome(int status, String out, String err) {}

  private Path jobs = Path.of("");

  /// A short name: there are sockets in it.
  @BeforeEach
  void keepToJobsOfThisTest() throws Exception {
    jobs = Files.createTempDirectory("jobs");
    System.setProperty("burnish.jobs", jobs.toString());
  }

  @AfterEach
  void remove() throws Exception {
    System.clearProperty("burnish.jobs");
    try (var files = Files.walk(jobs)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static Outcome execute(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int status = line.execute(arguments);
    return new Outcome(status, out.toString(), err.toString());
  }

  @Test
  void showAJobItsLinesAndEndIt() throws Exception {
    assertThat(execute("ps")).isEqualTo(new Outcome(0, "no job of this user runs here\n", ""));
    Process program =
        ChildJvm.start(List.of("-Dburnish.jobs=" + jobs), 1, JobProgram.class, List.of());
    try (BufferedReader said = program.inputReader()) {
      for (String line = said.readLine(); !"ready".equals(line); line = said.readLine()) {
        assertThat(line).as("the program goes on until it is ready").isNotNull();
      }
      Outcome ps = execute("ps");
      assertThat(ps.status()).as(ps.err()).isZero();
      String id = ps.out().substring(0, ps.out().indexOf(' '));
      assertThat(id).startsWith("greeting-" + program.pid());
      assertThat(ps.out())
          .contains(id + "  pid " + program.pid() + "  ", " MB  up ")
          .containsPattern("greeter\\[0\\] +\\w+ +queue 0 +calls 1 ");

      Outcome logs = execute("logs", id);
      assertThat(logs.status()).as(logs.err()).isZero();
      assertThat(logs.out()).containsPattern("(?m)^\\[\\S+] hello world$");
      Outcome refused = execute("logs", id, "no-such-process");
      assertThat(refused.status()).isEqualTo(2);
      assertThat(refused.err()).hasLineCount(1).contains("no-such-process");
      assertThat(execute("stop", "no-such-job").err())
          .contains("there is no such job: job=no-such-job", id);

      assertThat(execute("stop", id)).isEqualTo(new Outcome(0, "", ""));
      program.waitFor();
      assertThat(execute("ps").out()).isEqualTo("no job of this user runs here\n");
    } finally {
      program.destroyForcibly();
    }
  }
}
