package dev.burnish.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.reflect.Type;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A trainer in a process of its own receives its loss: losses are data.
class LossesTravelTest {
  private static Object sent(Type type, Object value) {
    Codec codec = new Codecs(List.of(), Limits.defaults()).of(type);
    return codec.decode(codec.encode(List.of(value), Session.NONE), Session.NONE).getFirst();
  }

  @Test
  void everyPolicyLossArrivesAsItWas() {
    List<SurrogateLoss> losses =
        List.of(
            SurrogateLoss.grpo(0.04),
            SurrogateLoss.dapo(),
            SurrogateLoss.drGrpo(512),
            SurrogateLoss.gspo(3e-4, 4e-4),
            SurrogateLoss.reinforce(),
            SurrogateLoss.dppo(),
            SurrogateLoss.of(new DualClip(new PpoClip(0.2, 0.2), 3)),
            SurrogateLoss.of(new TwoSidedClip(new PpoClip(0.2, 0.2), 4))
                .withMask(new OffPolicyMask(0.1)));
    for (SurrogateLoss loss : losses) {
      assertThat(sent(SurrogateLoss.class, loss)).isEqualTo(loss);
    }
  }

  @Test
  void everyPreferenceLossArrivesAsItWas() {
    PreferenceLoss loss = new PreferenceLoss.Robust(0.1, 0.2);
    assertThat(sent(PreferenceLoss.class, loss)).isEqualTo(loss);
  }
}
