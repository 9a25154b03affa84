package dev.burnish.verify.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class GoldenLossesTest {
  /// Gradients in the file are rounded to eight decimals.
  private static final double TOLERANCE = 1e-8;

  /// Keys whose inputs the file does not say; every other key is checked.
  private static final String[] NOT_CHECKED = {
    "dpo.ipo length-normalised (TRL,AReaL) mean",
    "value.clipped eps=.2 0.5*mean(max)",
    "lora r=1 alpha=16: y = Wx + (alpha/r) B(Ax)",
    "lora merged W"
  };

  @TempDir Path folder;

  @Test
  void everyKeyOfTheFileIsRightOrKnownNotToBeALoss() throws IOException {
    var report = GoldenLosses.verify(golden(), TOLERANCE);

    assertThat(report.failures()).isEmpty();
    assertThat(report.passed()).isTrue();
    assertThat(report.skipped().stream().map(GoldenLosses.Entry.Skipped::key))
        .containsExactlyInAnyOrder(NOT_CHECKED);
  }

  @Test
  void aValueThatIsOffFailsUnderItsKey() throws IOException {
    Path file = changed(root -> root.put("kl.k3 token-mean", 0.0135));

    var report = GoldenLosses.verify(file, 1e-6);

    assertThat(report.passed()).isFalse();
    assertThat(report.failures())
        .singleElement()
        .satisfies(entry -> assertThat(entry.key()).isEqualTo("kl.k3 token-mean"));
  }

  @Test
  void otherInputsChangeWhatIsExpected() throws IOException {
    Path file =
        changed(root ->
            ((tools.jackson.databind.node.ArrayNode) root.at("/inputs/logp/0")).set(0, -0.9));

    assertThat(GoldenLosses.verify(file, 1e-6).failures()).hasSizeGreaterThan(20);
  }

  @Test
  void aSequenceWithoutTargetsIsNoTrouble() throws IOException {
    Path file =
        changed(root ->
            ((ObjectNode) root.get("inputs"))
                .set(
                    "mask",
                    JsonMapper.shared()
                        .valueToTree(
                            new int[][] {
                              {1, 1, 1, 1, 1}, {1, 1, 1, 0, 0}, {1, 0, 1, 1, 0}, {0, 0, 0, 0, 0}
                            })));

    assertThat(GoldenLosses.verify(file, 1e-6).checked())
        .allSatisfy(entry -> assertThat(entry.difference()).isFinite());
  }

  @Test
  void parametersAreReadFromTheKey() throws IOException {
    Path file =
        changed(root -> {
          root.set("tis.token C=1 weights", root.get("tis.token C=2 weights"));
          root.put("loss.ppo clip1/1e9 token-mean", 0.0);
          root.put("areal.prox loglinear logp_behave=-2 logp_theta=-1 v=(0,1,4)", -1.75);
          root.put("loss.unheard-of clip.2/.2 token-mean", 0.0);
        });

    var report = GoldenLosses.verify(file, 1e-6);

    assertThat(report.failures().stream().map(GoldenLosses.Entry.Checked::key))
        .containsExactlyInAnyOrder("tis.token C=1 weights", "loss.ppo clip1/1e9 token-mean");
    assertThat(report.skipped())
        .contains(
            new GoldenLosses.Entry.Skipped(
                "loss.unheard-of clip.2/.2 token-mean", "no formula of this name"));
  }

  @Test
  void lengthNormalisedIpoIsCheckedWhereTheFileSaysLengths() throws IOException {
    Path file =
        changed(root -> {
          var pairs = (ObjectNode) root.get("dpo.inputs");
          pairs.set("lc", JsonMapper.shared().valueToTree(new int[] {5, 9, 4}));
          pairs.set("lr", JsonMapper.shared().valueToTree(new int[] {6, 10, 15}));
        });

    var report = GoldenLosses.verify(file, TOLERANCE);

    assertThat(report.passed()).isTrue();
    assertThat(report.skipped()).hasSize(NOT_CHECKED.length - 1);
  }

  @Test
  void adaptersAndTheCriticAreCheckedWhereTheFileHasTheirInputs() throws IOException {
    // y = Wx + 16 B(Ax), and W + 16 BA, by hand: A x = -0.3, B A = [[.1, .05], [-.2, -.1]].
    Path file =
        changed(root -> {
          root.set(
              "lora.inputs",
              JsonMapper.shared()
                  .readTree(
                      "{\"w\": [[1, 2], [3, 4]], \"a\": [[0.1, 0.05]], \"b\": [[1], [-2]], \"x\": [1, -8]}"));
          root.set(
              "lora r=1 alpha=16: y = Wx + (alpha/r) B(Ax)",
              JsonMapper.shared().valueToTree(new double[] {-19.8, -19.4}));
          root.set(
              "lora merged W",
              JsonMapper.shared().valueToTree(new double[][] {{2.6, 2.8}, {-0.2, 2.4}}));
          root.set("rslora r=16 alpha=16 scale", JsonMapper.shared().valueToTree(4.0));
          root.set(
              "value.inputs",
              JsonMapper.shared()
                  .readTree(
                      "{\"values\": [1, 2], \"old_values\": [0.5, 2], \"returns\": [1, 1.5]}"));
          // max(0, .3^2) and max(.5^2, .5^2), half of their mean.
          root.put("value.clipped eps=.2 0.5*mean(max)", 0.085);
        });

    var report = GoldenLosses.verify(file, TOLERANCE);

    assertThat(report.failures()).isEmpty();
    assertThat(report.skipped())
        .containsExactly(
            new GoldenLosses.Entry.Skipped(
                "dpo.ipo length-normalised (TRL,AReaL) mean",
                "its inputs are not in the file: lengths lc and lr in dpo.inputs"));
  }

  @Test
  void aBrokenFileIsOneClearLine() throws IOException {
    Path truncated =
        Files.writeString(folder.resolve("half.json"), "{\"inputs\": {\"mask\": [[1.0,");
    Path empty = Files.writeString(folder.resolve("empty.json"), "{}");

    assertThatThrownBy(() -> GoldenLosses.verify(truncated, 1e-6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is JSON: losses=" + truncated);
    assertThatThrownBy(() -> GoldenLosses.verify(empty, 1e-6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("inputs is missing");
    assertThatThrownBy(() -> GoldenLosses.verify(folder.resolve("none.json"), 1e-6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none.json; check the path");
  }

  private Path changed(java.util.function.Consumer<ObjectNode> change) throws IOException {
    var root = (ObjectNode) JsonMapper.shared().readTree(Files.readString(golden()));
    change.accept(root);
    return Files.writeString(folder.resolve("changed.json"), root.toString());
  }

  private static Path golden() {
    return SharedFiles.reference("golden_losses.json");
  }
}
