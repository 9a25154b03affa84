package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.env.SumDigitsTask;
import dev.burnish.testing.LoopProgram;
import dev.burnish.testing.ReloadingServer;
import dev.burnish.text.CharacterTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A run whose groups are made by a server of another engine, as the settings choose it.
@Timeout(240)
class ServedLoopTest {
  @TempDir private Path folder;

  private Path run(String name, String... settings) throws IOException {
    Path runs = folder.resolve(name);
    List<String> args = new ArrayList<>(List.of("--runs", runs.toString()));
    List<String> all = new ArrayList<>(List.of("steps=3", "processes=THREADS", "rewardReplicas=0"));
    all.addAll(List.of(settings));
    all.forEach(setting -> args.addAll(List.of("--set", setting)));
    LoopProgram.main(args.toArray(String[]::new));
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.toList().getFirst();
    }
  }

  private static List<JsonNode> numbers(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> (ObjectNode) JsonMapper.shared().readTree(line))
        .map(line -> (JsonNode) line.without("times"))
        .toList();
  }

  @Test
  void aRunTrainsOnWhatAServerGeneratesWithTheVersionsThatItWasGiven() throws Exception {
    List<List<JsonNode>> runs = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      try (ReloadingServer server =
          new ReloadingServer(CharacterTokenizer.of(SumDigitsTask.ALPHABET))) {
        Path weights = Files.createDirectory(folder.resolve(name + "-weights"));
        Path run = run(name, "server.url=" + server.url(), "server.folder=" + weights);
        assertThat(server.loaded()).startsWith("version-0", "version-1", "version-2");
        runs.add(numbers(run));
      }
    }
    assertThat(runs.getFirst()).hasSize(3).isEqualTo(runs.getLast());
  }

  @Test
  void aServerTakesOneProcessAndAFolder() {
    assertThatThrownBy(
            () -> run("a", "server.url=http://127.0.0.1:1", "server.folder=f", "generators=2"))
        .hasMessageContaining("generators=2");
    assertThatThrownBy(() -> run("b", "server.url=http://127.0.0.1:1"))
        .hasMessageContaining("server.folder");
  }
}
