package dev.burnish.launch.remote;

import dev.burnish.launch.remote.HostSettings.Slurm;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The state of a job as Slurm reports it.
///
/// @param state such as `PENDING`, `RUNNING`, `NODE_FAIL`
/// @param reason why it is in it; `None` if there is no reason
/// @param nodes that it has or had, as Slurm abbreviates them
record SlurmState(String state, String reason, String nodes) {
  private static final Set<String> OVER =
      Set.of(
          "BOOT_FAIL",
          "CANCELLED",
          "COMPLETED",
          "DEADLINE",
          "FAILED",
          "NODE_FAIL",
          "OUT_OF_MEMORY",
          "PREEMPTED",
          "TIMEOUT");

  boolean isOver() {
    return OVER.contains(state);
  }

  /// `PENDING (Resources)`, `RUNNING on n[1-2]`.
  String describe() {
    String why = reason.equals("None") || reason.isEmpty() ? "" : " (" + reason + ")";
    return state + why + (nodes.isEmpty() || nodes.equals("(null)") ? "" : " on " + nodes);
  }

  /// Queries a job: in the queue, and among those that Slurm remembers. One that it has forgotten
  /// has ended.
  ///
  /// @throws IllegalArgumentException if Slurm does not answer
  static SlurmState of(Slurm slurm, String job) {
    Tool.Result queued =
        Tool.run(
            List.of(slurm.tool("squeue"), "--noheader", "--jobs=" + job, "--format=%T|%r|%N"), "");
    if (queued.status() == 0 && queued.output().contains("|")) {
      List<String> fields =
          List.of(queued.output().lines().findFirst().orElse("").split("\\|", -1));
      return new SlurmState(fields.get(0), fields.get(1), fields.get(2));
    }
    if (queued.status() != 0 && !queued.output().contains("Invalid job id")) {
      throw new IllegalArgumentException(
          "Slurm answers: squeue exited with status %d: %s"
              .formatted(queued.status(), queued.output()));
    }
    Tool.Result known =
        Tool.run(List.of(slurm.tool("scontrol"), "--oneliner", "show", "job", job), "");
    return new SlurmState(
        field(known, "JobState").orElse("COMPLETED"),
        field(known, "Reason").orElse("None"),
        field(known, "NodeList").orElse(""));
  }

  private static Optional<String> field(Tool.Result result, String name) {
    Matcher matcher = Pattern.compile("(?:^|\\s)" + name + "=(\\S+)").matcher(result.output());
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
