package dev.burnish.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.mesh.host.Jobs.Heard;
import dev.burnish.testing.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where jobs are, and how they look from outside.
class JobsTest {
  @TempDir private Path folder = Path.of("");
  private final Optional<String> jobs = Optional.ofNullable(System.getProperty("burnish.jobs"));
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void useAFolderOfItsOwn() {
    System.setProperty("burnish.jobs", folder.toString());
  }

  @AfterEach
  void end() throws Exception {
    jobs.ifPresentOrElse(
        set -> System.setProperty("burnish.jobs", set), () -> System.clearProperty("burnish.jobs"));
    for (Process process : started) {
      process.getOutputStream().close();
      process.waitFor();
    }
  }

  /// A program with one job, which waits.
  private Process program(Optional<Path> base, Optional<Path> runtime) throws IOException {
    List<String> command = new ArrayList<>(Programs.command(JobsProgram.class));
    base.ifPresent(set -> command.add(1, "-Dburnish.jobs=" + set));
    command.addAll(List.of("1", "wait"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("XDG_RUNTIME_DIR");
    runtime.ifPresent(set -> builder.environment().put("XDG_RUNTIME_DIR", set.toString()));
    Process process = builder.start();
    started.add(process);
    return process;
  }

  /// The output until it is ready; it is not closed, as the program ends with its input.
  private static List<String> awaitReady(Process program) throws IOException {
    BufferedReader out = new BufferedReader(new InputStreamReader(program.getInputStream(), UTF_8));
    List<String> said = new ArrayList<>();
    String line = out.readLine();
    while (line != null && !line.equals("ready")) {
      said.add(line);
      line = out.readLine();
    }
    assertThat(line).as("said: %s", said).isEqualTo("ready");
    return said;
  }

  private static Path folderOf(Process program) throws IOException {
    List<String> said = awaitReady(program);
    assertThat(said).contains("running true");
    return Path.of(said.getFirst().substring("folder ".length()));
  }

  private Path privateFolder(String name) throws IOException {
    return Files.createDirectories(
        folder.resolve(name),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  @Test
  void oneThatDoesNotAnswerHidesNoOthers() throws Exception {
    Process silent = program(Optional.of(folder), Optional.empty());
    Process told = program(Optional.of(folder), Optional.empty());
    awaitReady(silent);
    awaitReady(told);
    Signals.stop(silent.pid());
    assertThat(Jobs.running())
        .containsExactlyInAnyOrder("seen-" + silent.pid(), "seen-" + told.pid());
    List<Heard> heard = Jobs.all();
    assertThat(heard)
        .hasSize(2)
        .anySatisfy(each ->
            assertThat(each)
                .isInstanceOfSatisfying(
                    Heard.Silent.class,
                    it -> assertThat(it.job()).isEqualTo("seen-" + silent.pid())))
        .anySatisfy(each ->
            assertThat(each)
                .isInstanceOfSatisfying(
                    Heard.Told.class, it -> assertThat(it.status().pid()).isEqualTo(told.pid())));
    silent.destroyForcibly().waitFor();
    assertThat(Jobs.running()).containsExactly("seen-" + told.pid());
  }

  /// Its process number belongs to another process by now.
  @Test
  void aJobThatIsGoneIsNotTakenForALivingProcess() throws Exception {
    Process killed = program(Optional.of(folder), Optional.empty());
    Path left = folderOf(killed);
    killed.destroyForcibly().waitFor();
    Path again = left.resolveSibling("seen-" + ProcessHandle.current().pid());
    Files.move(left, again);
    assertThat(again.resolve("job")).exists();
    assertThat(Jobs.running()).isEmpty();
    assertThat(Jobs.all()).isEmpty();
    assertThat(again).doesNotExist();
  }

  @Test
  void theFolderOfAHostThatIsGoneIsRemoved() throws Exception {
    Path base = JobFolder.base();
    Path left =
        Files.createDirectory(
            base.resolve("worker-1"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createFile(left.resolve("_1234.sock"));
    JobFolder lives = JobFolder.create("worker");
    assertThat(left).doesNotExist();
    assertThat(Jobs.running()).isEmpty();
    assertThat(lives.path()).exists();
    lives.close();
    assertThat(lives.path()).doesNotExist();
  }

  /// Links among the files that a job left are removed, but not their targets.
  @Test
  void whatLinksLeadToStays() throws Exception {
    Path precious = Files.writeString(folder.resolve("precious"), "text");
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.writeString(full.resolve("job"), "text");
    Path base = JobFolder.base();
    Path left =
        Files.createDirectory(
            base.resolve("x-99999999"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createSymbolicLink(left.resolve("job"), precious);
    Files.createSymbolicLink(left.resolve("full"), full);
    Files.createSymbolicLink(base.resolve("y-99999999"), full);
    Path open = Files.createDirectory(base.resolve("z-99999999"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.writeString(open.resolve("job"), "text");
    assertThat(Jobs.running()).isEmpty();
    assertThat(precious).hasContent("text");
    assertThat(full.resolve("job")).hasContent("text");
    assertThat(open.resolve("job")).hasContent("text");
    assertThat(left).doesNotExist();
  }

  /// The content of a job's file leads nowhere else.
  @Test
  void onlyASocketOfTheFolderIsConnectedTo() throws Exception {
    try (JobFolder own = JobFolder.create("own")) {
      Path file = own.path().resolve("job");
      Files.write(file, List.of("host", "/tmp/other.sock", "00".repeat(32)));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      assertThatThrownBy(() -> Jobs.status(own.name()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no socket");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
      assertThat(Jobs.running()).isEmpty();
    }
  }

  @Test
  void theFolderOfTheSessionIsUsedWhereItIsSafe() throws Exception {
    Path runtime = privateFolder("run");
    Process program = program(Optional.empty(), Optional.of(runtime));
    assertThat(folderOf(program))
        .isEqualTo(runtime.toRealPath().resolve("burnish/seen-" + program.pid()));
  }

  @Test
  void anotherFolderIsUsedWhereThatOfTheSessionIsOpenOrTooLong() throws Exception {
    Path open = privateFolder("open");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path deep = privateFolder("d".repeat(100));
    Path link = Files.createSymbolicLink(folder.resolve("link"), privateFolder("target"));
    for (Path runtime : Set.of(open, deep, link, Path.of("relative"), folder.resolve("none"))) {
      Process program = program(Optional.empty(), Optional.of(runtime));
      Path used = folderOf(program);
      assertThat(used).isDirectory();
      assertThat(used.startsWith(folder.toRealPath())).as("%s for %s", used, runtime).isFalse();
    }
  }

  @Test
  void aFolderThatIsTooLongIsAnErrorThatSaysSo() {
    System.setProperty("burnish.jobs", folder.resolve("d".repeat(100)).toString());
    assertThatThrownBy(() -> Job.start(JobOptions.named("long")))
        .hasMessageContaining("too long for sockets")
        .hasMessageContaining("burnish.jobs");
  }
}
