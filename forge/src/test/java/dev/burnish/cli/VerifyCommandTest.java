package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The output and exit status of `burnish verify`.
class VerifyCommandTest {
  @TempDir private Path folder;

  private record Outcome(int status, List<String> lines) {}

  private static Outcome verify(String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out));
    List<String> all = new ArrayList<>(List.of("verify"));
    all.addAll(List.of(arguments));
    int status = line.execute(all.toArray(String[]::new));
    return new Outcome(status, out.toString().lines().toList());
  }

  private static ObjectNode golden() throws IOException {
    Path file = SharedFiles.reference("golden_losses.json");
    return (ObjectNode) JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  private String write(JsonNode json) throws IOException {
    return Files.writeString(folder.resolve("losses.json"), json.toString()).toString();
  }

  @Test
  void listsWhatIsNotImplementedAndEndsWellWhereNothingDiffers() throws IOException {
    ObjectNode golden = golden();
    golden.put("loss.of the future", 0.5);
    Outcome outcome = verify("--losses", write(golden));
    assertThat(outcome.status()).isZero();
    assertThat(outcome.lines())
        .contains("-    loss.of the future  not checked: no formula of this name")
        .noneMatch(line -> line.startsWith("FAIL"));
    long checked = outcome.lines().stream().filter(line -> line.startsWith("ok ")).count();
    long others = outcome.lines().stream().filter(line -> line.startsWith("- ")).count();
    assertThat(checked).isGreaterThan(90);
    assertThat(checked + others).isEqualTo(golden.size() - 2);
    assertThat(outcome.lines().getLast())
        .isEqualTo("%d checked, 0 differ, %d not checked".formatted(checked, others));
  }

  @Test
  void aValueThatDiffersByMoreThanAMillionthIsStatus1() throws IOException {
    for (double by : new double[] {0.9e-6, 1.1e-6}) {
      ObjectNode golden = golden();
      golden.put("dpo.sigmoid mean", golden.get("dpo.sigmoid mean").asDouble() + by);
      Outcome outcome = verify("--losses", write(golden));
      assertThat(outcome.status()).isEqualTo(by > 1e-6 ? 1 : 0);
      assertThat(outcome.lines().stream().filter(line -> line.startsWith("FAIL")))
          .hasSize(by > 1e-6 ? 1 : 0)
          .allMatch(line -> line.startsWith("FAIL dpo.sigmoid mean  difference 1.1"));
    }
  }

  @Test
  void aFileOfNothingThatIsKnownIsNoProof() throws IOException {
    ObjectNode golden = golden();
    ObjectNode unknown = JsonMapper.shared().createObjectNode();
    unknown.set("inputs", golden.get("inputs"));
    unknown.put("foo.bar", 1);
    String file = write(unknown);
    Outcome outcome = verify("--losses", file);
    assertThat(outcome.status()).isOne();
    assertThat(outcome.lines().getLast()).isEqualTo("0 checked, 0 differ, 1 not checked");
    Outcome json = verify("--losses", file, "--json");
    assertThat(json.lines()).hasSize(1);
    assertThat(JsonMapper.shared().readTree(json.lines().getFirst()).get("outcome").asString())
        .isEqualTo("NOT_CHECKED");
  }

  private static final String RESHARD =
      """
      [{"name": "two halves", "dtype": "U8", "shape": [4], "source": {"mesh": [2], "placements": ["S0"]},
        "target": {"mesh": [1], "placements": ["R"]},
        "sha256": ["%s"]}]
      """;

  /// SHA-256 of the bytes 0, 1, 2, 3.
  private static final String DIGEST =
      "054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8";

  @Test
  void reshardingPrintsALinePerCaseAndHowManyDiffer() throws IOException {
    Path file = Files.writeString(folder.resolve("cases.json"), RESHARD.formatted(DIGEST));
    Outcome same = verify("--reshard", file.toString());
    assertThat(same.status()).isZero();
    assertThat(same.lines())
        .containsExactly("ok   two halves  2 to 1 ranks", "1 checked, 0 differ");
    Path other = Files.writeString(folder.resolve("cases.json"), RESHARD.formatted("0".repeat(64)));
    Outcome differs = verify("--reshard", other.toString());
    assertThat(differs.status()).isOne();
    assertThat(differs.lines().getFirst()).startsWith("FAIL two halves  1 of 1 ranks differ");
    assertThat(differs.lines().getLast()).isEqualTo("1 checked, 1 differ");
  }

  @Test
  void aMalformedFileOfReshardingIsBadInput() throws IOException {
    Path file = Files.writeString(folder.resolve("cases.json"), RESHARD.formatted("abc"));
    assertThat(verify("--reshard", file.toString()).status()).isEqualTo(2);
    assertThat(verify("--reshard", folder.resolve("none").toString()).status()).isEqualTo(2);
    Path none = Files.writeString(folder.resolve("cases.json"), "[]");
    assertThat(verify("--reshard", none.toString()).status()).isOne();
  }
}
