package dev.burnish.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.train.OptimizerConfig;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class RecordedOptimizerTest {
  private static OptimizerConfig of(String json) {
    return RecordedOptimizer.of(JsonMapper.shared().readTree(json));
  }

  private static OptimizerConfig adamW(double lr, double beta2, double decay, double clip) {
    return new OptimizerConfig(lr, 0.9, beta2, 1e-8, decay, clip, 0, "constant");
  }

  @Test
  void readsTheSentenceOfARecordedFile() {
    assertThat(
            of(
                """
                {"about": "Loss: mean. AdamW lr 5e-6 constant, betas .9 .99, eps 1e-8, weight decay 0.01 on tensors of 2 or more dims, gradient clipped to global norm 0.5. grad_norm is before."}
                """))
        .isEqualTo(adamW(5e-6, 0.99, 0.01, 0.5));
  }

  @Test
  void aMemberCountsBeforeTheSentence() {
    assertThat(of("{\"optimizer\": {\"lr\": 1e-4, \"beta2\": 0.98}, \"about\": \"AdamW lr 5e-6\"}"))
        .isEqualTo(adamW(1e-4, 0.98, 0.1, 1));
    assertThat(of("{}")).isEqualTo(adamW(2e-5, 0.95, 0.1, 1));
  }
}
