package dev.burnish.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RunSummaryTest {
  private static RunSummary resumed(String state) {
    RunSummary summary = new RunSummary();
    summary.resume(state.getBytes(UTF_8));
    return summary;
  }

  @Test
  void aRunIsResumedWithItsSeedAlone() {
    RunSummary before = new RunSummary();
    before.seed(Long.MAX_VALUE);
    RunSummary after = new RunSummary();
    after.resume(before.state());
    assertThatThrownBy(() -> after.seed(2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seed=2, its checkpoint has seed=" + Long.MAX_VALUE);
    after.seed(Long.MAX_VALUE);
    assertThat(after.seed()).isEqualTo(Long.MAX_VALUE);
    assertThat(after.all("id", new RunEnd(RunStatus.FINISHED, 3), 0, 1))
        .containsEntry("seed", Long.MAX_VALUE)
        .containsEntry("status", "finished");
  }

  @Test
  void readsACheckpointThatKnowsNoNumberOfSteps() {
    RunSummary summary = resumed("{\"seed\": \"7\", \"numbers\": {\"a\": 1.5}}");
    assertThat(summary.get("a")).contains(1.5);
    assertThat(summary.totalSteps(9)).isEmpty();
    summary.seed(7);
    assertThat(resumed(new String(summary.state(), UTF_8)).totalSteps(12)).hasValue(9);
    RunSummary none = resumed("{\"seed\": \"none\", \"numbers\": {}}");
    none.seed(3);
    assertThatThrownBy(() -> new RunSummary().seed())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("seed=none");
  }

  @Test
  void theLastWordsCompareWhatIsThereAndSayHowToResume() {
    RunSummary summary = new RunSummary();
    summary.compare("held-out loss", "lossBefore", "loss");
    summary.compare("held-out accuracy", "accuracyBefore", "accuracy");
    summary.put("lossBefore", 2);
    summary.put("loss", 1.5);
    summary.put("accuracy", 1);
    assertThat(summary.closing(new RunEnd(RunStatus.FINISHED, 8), Path.of("f")).lines())
        .hasSize(2)
        .anySatisfy(line ->
            assertThat(line).startsWith("held-out loss 2.0000 before, 1.5000 after 8 steps"))
        .contains("see f/report.html");
    assertThat(summary.closing(new RunEnd(RunStatus.STOPPED, 8), Path.of("f")))
        .contains("stopped after step 8; resume with --resume f");
    assertThat(summary.closing(new RunEnd(RunStatus.STOPPED, 0), Path.of("f")))
        .contains("stopped before the first step was done");
  }
}
