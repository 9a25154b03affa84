package dev.burnish.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.burnish.files.PrivateFolder;
import dev.burnish.host.JvmCommand;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.mesh.host.Jobs.Heard;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Another user of the same machine.
class OtherUsersTest {
  /// Connects to the socket of a job, whose place it knows.
  private static final String KNOCK =
      """
      import java.io.IOException;
      import java.net.UnixDomainSocketAddress;
      import java.nio.ByteBuffer;
      import java.nio.channels.SocketChannel;
      import java.nio.file.Files;
      import java.nio.file.Path;

      public class Knock {
        public static void main(String[] args) {
          try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(args[0]))) {
            System.out.println("connected");
            if (args.length > 1) {
              System.out.println("heard " + channel.read(ByteBuffer.allocate(1)));
            }
          } catch (IOException e) {
            System.out.println("refused: " + e.getMessage());
          }
          try {
            System.out.println("read " + Files.readAllLines(Path.of(args[0]).resolveSibling("job")).size());
          } catch (IOException e) {
            System.out.println("not read: " + e);
          }
        }
      }
      """;

  /// Takes the name of the folder of jobs first, and puts a job in it, a link and a listening
  /// socket.
  private static final String SQUAT =
      """
      import java.net.StandardProtocolFamily;
      import java.net.UnixDomainSocketAddress;
      import java.nio.channels.ServerSocketChannel;
      import java.nio.file.Files;
      import java.nio.file.Path;
      import java.nio.file.attribute.PosixFilePermissions;
      import java.util.List;

      public class Squat {
        public static void main(String[] args) throws Exception {
          Path base = Files.createDirectory(Path.of(args[0]));
          Files.createSymbolicLink(base.resolve("x-99999999"), Path.of(args[1]));
          Path job = Files.createDirectory(base.resolve("y-" + ProcessHandle.current().pid()));
          Path socket = job.resolve("controller.sock");
          ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
          server.bind(UnixDomainSocketAddress.of(socket));
          Files.write(job.resolve("job"), List.of("host", socket.toString(), "00".repeat(32)));
          Files.createFile(job.resolve("alive"));
          for (Path path : List.of(base, job, socket, job.resolve("job"), job.resolve("alive"))) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
          }
          Thread.ofPlatform().daemon().start(() -> {
            try {
              server.accept();
              System.out.println("visited");
            } catch (java.io.IOException e) {
              System.out.println(e);
            }
          });
          System.out.println("ready");
          while (System.in.read() >= 0) {}
        }
      }
      """;

  private static final List<String> STRANGER =
      List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");

  @TempDir private Path folder = Path.of("");
  private final Optional<String> jobs = Optional.ofNullable(System.getProperty("burnish.jobs"));
  private final List<Process> started = new ArrayList<>();

  @BeforeEach
  void becomeAnother() throws Exception {
    List<String> command = new ArrayList<>(STRANGER);
    command.add("true");
    assumeThat(run(command))
        .as("only root becomes another user, with setpriv of util-linux")
        .isEqualTo("");
    String java = JvmCommand.java().toString();
    assumeThat(run(asStranger(List.of(java, "-version"))))
        .as("another user can start this JDK")
        .contains("version");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void end() throws Exception {
    jobs.ifPresentOrElse(
        set -> System.setProperty("burnish.jobs", set), () -> System.clearProperty("burnish.jobs"));
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private List<String> source(String name, String text) throws IOException {
    Path source = Files.writeString(folder.resolve(name + ".java"), text);
    return List.of(JvmCommand.java().toString(), source.toString());
  }

  private static List<String> all(List<String> first, Object... then) {
    List<String> all = new ArrayList<>(first);
    Stream.of(then).map(Object::toString).forEach(all::add);
    return all;
  }

  private static List<String> asStranger(List<String> command) {
    return all(STRANGER, command.toArray());
  }

  @Test
  void anotherUserNeitherConnectsNorReadsTheToken() throws Exception {
    try (Job job = Job.start(JobOptions.named("private"))) {
      Path socket = JobFolder.base().resolve(job.id()).resolve("controller.sock");
      List<String> knock = all(source("Knock", KNOCK), socket);
      assertThat(run(knock)).isEqualTo("connected\nread 3\n");
      assertThat(run(asStranger(knock)))
          .contains("refused: Permission denied")
          .contains("not read");
    }
  }

  /// Where somebody has opened the folder to all, the operating system still tells which user
  /// connects.
  @Test
  void aProcessOfAnotherUserIsRefusedWhereverItComesFrom() throws Exception {
    Logger log = Logger.getLogger(SocketNetwork.class.getName());
    log.setLevel(Level.OFF);
    try (SocketNetwork network =
        SocketNetwork.open("open", "host", folder, 1 << 20, Optional.empty())) {
      network.listen(transport -> {
        throw new AssertionError("a stranger was taken");
      });
      Path socket = Path.of(network.self().socket());
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rwxrwxrwx"));
      assertThat(run(asStranger(all(source("Knock", KNOCK), socket, "listen"))))
          .contains("connected")
          .contains("heard -1");
    } finally {
      log.setLevel(Level.INFO);
    }
  }

  /// The first user to take a name has that name, and nothing else: no file of that user is read,
  /// deleted or connected to, and the jobs of this user run and are found.
  @Test
  void whatAnotherUserHasPlantedIsNotTouched() throws Exception {
    Path precious = Files.createDirectory(folder.resolve("precious"));
    Files.writeString(precious.resolve("job"), "of root");
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.setAttribute(shared, "unix:mode", 01777);
    System.setProperty("burnish.jobs", shared.toString());
    Path base = shared.resolve("burnish-" + PrivateFolder.user());
    Process squatter = start(asStranger(all(source("Squat", SQUAT), base, precious)));
    BufferedReader says =
        new BufferedReader(new InputStreamReader(squatter.getInputStream(), UTF_8));
    assertThat(says.readLine()).isEqualTo("ready");

    assertThat(Jobs.running()).isEmpty();
    assertThat(Jobs.all()).isEmpty();
    assertThatThrownBy(() -> Jobs.status("y-" + squatter.pid()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no such job");
    assertThatThrownBy(() -> Jobs.stop("x-99999999")).isInstanceOf(IllegalArgumentException.class);
    try (Job job = Job.start(JobOptions.named("victim"));
        Job second = Job.start(JobOptions.named("victim"))) {
      assertThat(Jobs.running()).containsExactly(job.id(), second.id());
      assertThat(Jobs.all())
          .allSatisfy(heard -> assertThat(heard).isInstanceOf(Heard.Told.class))
          .hasSize(2);
      assertThat(JobFolder.base()).isNotEqualTo(base).startsWith(shared);
    }
    assertThat(precious.resolve("job")).hasContent("of root");
    assertThat(Files.exists(base.resolve("x-99999999"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    squatter.getOutputStream().close();
    assertThat(says.readLine()).as("a visit").isNull();
  }

  /// A link that leads to a folder of root's own is no folder of jobs either.
  @Test
  void aPlantedLinkIsNoFolderOfJobs() throws Exception {
    Path own = Files.createDirectory(folder.resolve("own"));
    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwx------"));
    Path within = Files.createDirectory(own.resolve("x-99999999"));
    Files.setPosixFilePermissions(within, PosixFilePermissions.fromString("rwx------"));
    Files.writeString(within.resolve("job"), "precious");
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.setAttribute(shared, "unix:mode", 01777);
    System.setProperty("burnish.jobs", shared.toString());
    Path base = shared.resolve("burnish-" + PrivateFolder.user());
    assertThat(run(asStranger(List.of("ln", "-s", own.toString(), base.toString())))).isEmpty();
    assertThat(Jobs.running()).isEmpty();
    try (Job job = Job.start(JobOptions.named("victim"))) {
      assertThat(Jobs.running()).containsExactly(job.id());
    }
    assertThat(within.resolve("job")).hasContent("precious");
  }

  /// As in a container: the number has no name, and reads the classes of this test.
  @Test
  void aUserWithoutANameHasSeveralJobs() throws Exception {
    List<String> nameless =
        List.of(
            "setpriv",
            "--reuid=54321",
            "--regid=54321",
            "--clear-groups",
            "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search");
    assumeThat(
            run(
                all(
                    nameless,
                    "cat",
                    System.getProperty("java.class.path").split(":", -1)[0]
                        + "/dev/burnish/mesh/JobsProgram.class")))
        .as("a user may be let read")
        .doesNotContain("Permission denied");
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.setAttribute(shared, "unix:mode", 01777);
    List<String> program = new ArrayList<>(Programs.command(JobsProgram.class));
    program.add(1, "-Dburnish.jobs=" + shared);
    assertThat(run(all(nameless, all(program, 2).toArray())))
        .contains("folder " + shared.resolve("burnish-54321").resolve("seen-"))
        .contains("-1\n")
        .contains("running true")
        .endsWith("ready\n");
  }

  private Process start(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    started.add(process);
    return process;
  }

  private static String run(List<String> command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      process.waitFor();
      return output;
    } catch (IOException e) {
      return e.toString();
    }
  }
}
