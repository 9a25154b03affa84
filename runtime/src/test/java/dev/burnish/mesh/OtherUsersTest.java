package dev.burnish.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.burnish.mesh.host.JobFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Another user of the same machine, who knows where a job's socket is.
class OtherUsersTest {
  private static final String KNOCK =
      """
      import java.io.IOException;
      import java.net.UnixDomainSocketAddress;
      import java.nio.channels.SocketChannel;
      import java.nio.file.Files;
      import java.nio.file.Path;

      public class Knock {
        public static void main(String[] args) {
          try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(args[0]))) {
            System.out.println("connected");
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

  @TempDir private Path folder = Path.of("");

  @Test
  void anotherUserNeitherConnectsNorReadsTheToken() throws Exception {
    List<String> other = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    assumeThat(run(with(other, "true")))
        .as("only root becomes another user, with setpriv of util-linux")
        .isEqualTo("");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    assumeThat(run(with(other, java, "-version")))
        .as("another user can start this JDK")
        .contains("version");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path source = Files.writeString(folder.resolve("Knock.java"), KNOCK);
    try (Job job = Job.start(JobOptions.named("private"))) {
      Path socket = JobFolder.base().resolve(job.id()).resolve("controller.sock");
      List<String> knock = List.of(java, source.toString(), socket.toString());
      assertThat(run(knock)).isEqualTo("connected\nread 3\n");
      assertThat(run(with(other, knock.toArray(String[]::new))))
          .contains("refused: Permission denied")
          .contains("not read");
    }
  }

  private static List<String> with(List<String> before, String... command) {
    List<String> all = new ArrayList<>(before);
    all.addAll(List.of(command));
    return all;
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
