package dev.burnish.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The outcome of a run of [LoopProgram]: all that the seed determines.
///
/// @param metrics a line of JSON per step
/// @param weights of the policy, as a file
/// @param critic empty where there is none
@SuppressWarnings("ArrayRecordComponent") // compared by AssertJ, component by component
public record LoopResult(List<String> metrics, byte[] weights, byte[] critic) {
  /// The outcome of the run in a folder of runs.
  ///
  /// @param steps that it must have
  public static LoopResult of(Path runs, int steps) throws IOException {
    Path run = runOf(runs).orElseThrow();
    List<String> metrics = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode json = (ObjectNode) JsonMapper.shared().readTree(line);
      json.remove("times");
      metrics.add(json.toString());
    }
    assertThat(metrics).hasSize(steps);
    return new LoopResult(metrics, weights(run), weights(run.resolve("critic")));
  }

  private static byte[] weights(Path folder) throws IOException {
    Path file = folder.resolve("model/model.safetensors");
    return Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
  }

  /// The run in a folder of runs, if there is one.
  public static Optional<Path> runOf(Path runs) throws IOException {
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.filter(run -> Files.exists(run.resolve("config.yaml"))).findFirst();
    }
  }

  /// Checks that another run has ended with the same bits.
  ///
  /// @param where for the message
  public void requireSame(LoopResult expected, String where) {
    assertThat(metrics).as(where).isEqualTo(expected.metrics());
    assertThat(weights).as(where).isEqualTo(expected.weights()).isNotEmpty();
    assertThat(critic).as(where).isEqualTo(expected.critic());
  }
}
