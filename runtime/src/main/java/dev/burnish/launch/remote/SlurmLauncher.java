package dev.burnish.launch.remote;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.files.PrivateFolder;
import dev.burnish.launch.remote.LaunchRequest.AgentEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;

/// Runs an agent on each node of one job of Slurm. The ticket is in a file that only this user
/// reads; the script that Slurm keeps names the file alone.
final class SlurmLauncher implements Launcher {
  private final HostSettings settings;

  SlurmLauncher(HostSettings settings) {
    this.settings = settings;
  }

  @Override
  public Launched launch(LaunchRequest request) {
    Path ticket = file(request, "ticket");
    Path output = file(request, "output");
    try {
      Files.createDirectories(settings.slurm().folder(), only("rwx------"));
      checkOwn(settings.slurm().folder());
      Files.deleteIfExists(ticket);
      write(ticket, request.ticket() + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the ticket is written where all nodes read it: hosts.slurm.folder=%s (%s); set it to a folder of a shared file system"
              .formatted(settings.slurm().folder(), e),
          e);
    }
    String job = submit(request, ticket, output);
    Thread watch = Thread.ofVirtual().name("slurm/" + job).start(() -> watch(job, output, request));
    return () -> {
      watch.interrupt();
      Tool.run(List.of(settings.slurm().tool("scancel"), job), "");
      delete(ticket);
    };
  }

  /// A user who can write to it could make the nodes join a job of their own.
  private static void checkOwn(Path folder) throws IOException {
    Optional<String> fault = PrivateFolder.fault(folder.toRealPath());
    if (fault.isPresent()) {
      throw new IOException(fault.get());
    }
  }

  /// Writes into the file that was created, whichever file has its name by then.
  private static void write(Path file, String text) throws IOException {
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            only("rw-------"))) {
      ByteBuffer bytes = UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private Path file(LaunchRequest request, String kind) {
    return settings.slurm().folder().toAbsolutePath().resolve(request.job() + "." + kind);
  }

  private static FileAttribute<Set<PosixFilePermission>> only(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  private String submit(LaunchRequest request, Path ticket, Path output) {
    List<String> command =
        new ArrayList<>(
            List.of(
                settings.slurm().tool("sbatch"),
                "--parsable",
                "--job-name=burnish-" + request.job(),
                "--nodes=" + settings.count(),
                "--ntasks=" + settings.count(),
                "--ntasks-per-node=1",
                "--output=" + output));
    command.addAll(settings.slurm().options());
    Tool.Result result = Tool.run(command, script(ticket));
    if (result.status() != 0) {
      delete(ticket);
      throw new IllegalArgumentException(
          "Slurm takes the job: sbatch exited with status %d: %s; hosts.slurm.options=%s hosts.count=%d"
              .formatted(
                  result.status(), result.output(), settings.slurm().options(), settings.count()));
    }
    List<String> lines = result.output().lines().toList();
    return lines.getLast().split(";", -1)[0];
  }

  private String script(Path ticket) {
    return """
    #!/bin/sh
    exec srun sh -c 'exec %s --join "%s" --name "$SLURMD_NODENAME"'
    """
        .formatted(settings.command().replace("'", "'\\''"), ticket);
  }

  /// Reports the end of the job, which is that of all its agents.
  private void watch(String job, Path output, LaunchRequest request) {
    try {
      SlurmState state = SlurmState.of(settings.slurm(), job);
      while (!state.isOver()) {
        Thread.sleep(settings.slurm().poll());
        SlurmState next = SlurmState.of(settings.slurm(), job);
        if (!next.equals(state)) {
          System.getLogger(SlurmLauncher.class.getName())
              .log(System.Logger.Level.INFO, "Slurm job {0}: {1}", job, next.describe());
        }
        state = next;
      }
      request
          .onEnd()
          .accept(
              new AgentEnd(
                  "slurm/" + job,
                  "its Slurm job ended: %s; the last output: %s"
                      .formatted(state.describe(), last(output))));
    } catch (InterruptedException | CancellationException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      request.onEnd().accept(new AgentEnd("slurm/" + job, String.valueOf(e.getMessage())));
    }
  }

  private static List<String> last(Path output) {
    try {
      List<String> lines = Files.readAllLines(output);
      return lines.subList(Math.max(0, lines.size() - 20), lines.size());
    } catch (IOException e) {
      return List.of("(none: " + e + ")");
    }
  }

  private static void delete(Path ticket) {
    try {
      Files.deleteIfExists(ticket);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the ticket of a job: " + ticket, e);
    }
  }
}
