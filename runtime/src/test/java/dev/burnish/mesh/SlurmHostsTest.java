package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.config.Config;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.link.failure.ReplicaLost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Hosts from Slurm. Its commands are scripts that answer like Slurm 22.05, and run the script of a
/// job for real, once per node.
class SlurmHostsTest {
  private static final String CONTROL =
      "JobId=4711 JobName=burnish-far UserId=me(1000) GroupId=me(1000) MCS_label=N/A"
          + " Priority=4294901757 Nice=0 Account=(null) QOS=(null) JobState=%s Reason=%s"
          + " Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=%s"
          + " RunTime=00:00:05 TimeLimit=UNLIMITED Partition=debug NodeList=n[1-2] NumNodes=2%n";

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void install() throws IOException {
    Files.createDirectories(folder.resolve("bin"));
    script(
        "sbatch",
        """
        cat >STATE/script
        echo "$@" >STATE/sbatch.arguments
        if [ -e STATE/sbatch.error ]; then cat STATE/sbatch.error >&2; exit 1; fi
        for a in "$@"; do case $a in --output=*) output=${a#--output=} ;; esac; done
        [ -e STATE/queue ] || echo 'RUNNING|None|n[1-2]' >STATE/queue
        if grep -q RUNNING STATE/queue; then
          PATH=STATE/bin:$PATH setsid sh STATE/script >"$output" 2>&1 </dev/null & echo $! >STATE/pid
        fi
        echo 4711
        """);
    script(
        "srun",
        """
        for n in n1 n2; do SLURMD_NODENAME=$n "$@" & done
        wait
        """);
    script(
        "squeue",
        """
        [ -e STATE/queue ] || { echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1; }
        cat STATE/queue
        """);
    script("scontrol", "cat STATE/control\n");
    script(
        "scancel",
        """
        echo "$@" >STATE/scancel.arguments
        [ ! -e STATE/pid ] || kill -- -$(cat STATE/pid) 2>/dev/null
        """);
  }

  private void script(String name, String text) throws IOException {
    Path file = folder.resolve("bin").resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + text.replace("STATE", folder.toString()));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private JobOptions options(String... more) {
    List<String> settings = new ArrayList<>();
    settings.add("launcher=SLURM");
    settings.add("count=2");
    settings.add("address=127.0.0.1");
    settings.add("command=" + String.join(" ", Programs.command(HostProgram.class)));
    settings.add("slurm.bin=" + folder.resolve("bin"));
    settings.add("slurm.folder=" + folder.resolve("shared"));
    settings.add("slurm.poll=20ms");
    settings.addAll(List.of(more));
    return JobOptions.named("far")
        .with(Config.of(HostSettings.defaults()).withSettings(settings).resolve());
  }

  private List<Path> shared() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("shared"))) {
      return files.toList();
    }
  }

  @Test
  void agentsRunOnTheNodesOfAJobAndTheTicketIsInAFileOfTheUserAlone() throws Exception {
    try (Job job = Job.start(options("slurm.options=[--partition=debug]"))) {
      OwnedMesh<HostsTest.Sums> hosts =
          job.hosts()
              .spawnProcs(Map.of("gpus", 1))
              .spawn("sums", HostsTest.Sums.class, HostsTest.SumsActor::new);
      assertThat(hosts.gather(HostsTest.Sums::host)).containsExactlyInAnyOrder("n1", "n2");
      String secret = job.ticket().text().split("#", -1)[2];
      assertThat(Files.readString(folder.resolve("script"))).doesNotContain(secret);
      assertThat(Files.readString(folder.resolve("sbatch.arguments")))
          .contains("--nodes=2 --ntasks=2 --ntasks-per-node=1")
          .contains("--partition=debug")
          .doesNotContain(secret);
      Path ticket =
          shared().stream().filter(f -> f.toString().endsWith(".ticket")).findFirst().orElseThrow();
      assertThat(Files.readString(ticket).strip()).isEqualTo(job.ticket().text());
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ticket)))
          .isEqualTo("rw-------");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ticket.getParent())))
          .isEqualTo("rwx------");
    }
    assertThat(Files.readString(folder.resolve("scancel.arguments")).strip()).isEqualTo("4711");
    assertThat(shared()).noneMatch(file -> file.toString().endsWith(".ticket"));
  }

  @Test
  void aJobThatWaitsAndIsCancelledIsAnError() throws Exception {
    Files.writeString(folder.resolve("queue"), "PENDING|Resources|\n");
    Files.writeString(folder.resolve("control"), CONTROL.formatted("CANCELLED", "None", "0:0"));
    try (Job job = Job.start(options())) {
      Files.delete(folder.resolve("queue"));
      assertThatThrownBy(job::hosts)
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("0 of 2 hosts have joined")
          .hasMessageContaining("its Slurm job ended: CANCELLED");
    }
  }

  @Test
  void aJobThatWaitsForLongIsAnErrorThatNamesThePatience() throws Exception {
    Files.writeString(folder.resolve("queue"), "PENDING|Resources|\n");
    try (Job job = Job.start(options("patience=100ms"))) {
      assertThatThrownBy(job::hosts)
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("hosts.patience=PT0.1S");
    }
    assertThat(folder.resolve("scancel.arguments")).exists();
  }

  @Test
  void aNodeThatFailsIsSeenInTheQueue() throws Exception {
    Files.writeString(folder.resolve("queue"), "NODE_FAIL|NodeDown|n[1-2]\n");
    try (Job job = Job.start(options())) {
      assertThatThrownBy(job::hosts).hasMessageContaining("NODE_FAIL (NodeDown) on n[1-2]");
    }
  }

  @Test
  void aCommandThatFailsIsShownWithItsOutput() throws Exception {
    Files.writeString(
        folder.resolve("control"), CONTROL.formatted("FAILED", "NonZeroExitCode", "127:0"));
    try (Job job = Job.start(options("command=no-such-burnish"))) {
      Files.delete(folder.resolve("queue"));
      assertThatThrownBy(job::hosts)
          .hasMessageContaining("FAILED (NonZeroExitCode)")
          .hasMessageContaining("the last output");
    }
  }

  @Test
  void whatSlurmRefusesIsAnErrorWithWhatItSays() throws Exception {
    Files.writeString(
        folder.resolve("sbatch.error"),
        """
        sbatch: error: invalid partition specified: gpux
        sbatch: error: Batch job submission failed: Invalid partition name specified
        """);
    assertThatThrownBy(() -> Job.start(options("slurm.options=[--partition=gpux]")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Invalid partition name specified")
        .hasMessageContaining("hosts.slurm.options=[--partition=gpux]");
    assertThat(shared()).isEmpty();
    assertThatThrownBy(() -> Job.start(options("slurm.bin=" + folder.resolve("none"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none/sbatch");
  }
}
