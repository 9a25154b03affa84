package dev.burnish.agent;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A program that is an agent, as a command of this machine. It finds the policy by
/// `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `ANTHROPIC_BASE_URL` and `ANTHROPIC_API_KEY`; of this
/// process's environment it has `PATH`, `HOME`, the locale and the folder for temporary files
/// alone, and no secret. It is not in a sandbox: it may do what this user may.
///
/// @param folder that it works in; by default this process's
/// @param environment further variables
/// @param time after which it is killed with all processes that it has started
/// @param outputBytes of its output that are kept, standard output and standard error together: the
///   last ones
public record AgentCommand(
    List<String> command,
    Optional<Path> folder,
    Map<String, String> environment,
    Duration time,
    int outputBytes) {
  private static final int OUTPUT = 1 << 20;

  /// How a command ended.
  ///
  /// @param status empty if it was killed since its time was over
  /// @param output the end of what it printed, UTF-8
  public record Result(OptionalInt status, String output) {
    /// Whether it exited with 0.
    public boolean succeeded() {
      return status.equals(OptionalInt.of(0));
    }
  }

  public AgentCommand {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    if (command.isEmpty() || !time.isPositive() || outputBytes < 1) {
      throw new IllegalArgumentException(
          "an agent must have a command, time and room for output: command=%s time=%s outputBytes=%d"
              .formatted(command, time, outputBytes));
    }
  }

  /// A command of two minutes and 1 MiB of output.
  public static AgentCommand of(String... command) {
    return new AgentCommand(
        List.of(command), Optional.empty(), Map.of(), Duration.ofMinutes(2), OUTPUT);
  }

  /// The same with further arguments, such as the task.
  public AgentCommand withArguments(String... more) {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(more));
    return new AgentCommand(all, folder, environment, time, outputBytes);
  }

  public AgentCommand withFolder(Path newFolder) {
    return new AgentCommand(command, Optional.of(newFolder), environment, time, outputBytes);
  }

  public AgentCommand withEnvironment(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(environment);
    more.put(name, value);
    return new AgentCommand(command, folder, more, time, outputBytes);
  }

  /// The same with another limit, which must be shorter than that of the episode.
  public AgentCommand withTime(Duration newTime) {
    return new AgentCommand(command, folder, environment, newTime, outputBytes);
  }

  public AgentCommand withOutputBytes(int newOutputBytes) {
    return new AgentCommand(command, folder, environment, time, newOutputBytes);
  }

  /// Runs the command until it ends or its time is over. An interrupt kills it. No process that it
  /// has started is left.
  ///
  /// @throws java.util.concurrent.CancellationException if the caller is interrupted
  /// @throws java.io.UncheckedIOException if it cannot be started
  public Result run(Endpoint endpoint) {
    try (AgentProcess process = AgentProcess.start(this, endpoint)) {
      return process.await();
    }
  }
}
