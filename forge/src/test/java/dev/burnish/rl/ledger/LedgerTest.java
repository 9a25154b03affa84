package dev.burnish.rl.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rl.ledger.GroupEnd.Cause;
import dev.burnish.rl.ledger.GroupEnd.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LedgerTest {
  private final Ledger ledger = new Ledger();

  @Test
  void everyGroupEndsOnceAndIsCountedByHow() {
    List<GroupEnd> ends =
        List.of(
            new GroupEnd.Trained(3),
            new GroupEnd.Filtered("all rewards are equal"),
            new GroupEnd.Failed(Cause.GENERATOR, "lost"),
            new GroupEnd.Failed(Cause.ENVIRONMENT, "crashed"),
            new GroupEnd.Failed(Cause.REWARD, "threw"),
            new GroupEnd.Failed(Cause.TIMEOUT, "too slow"),
            new GroupEnd.Cancelled());
    IntStream.range(0, 9).forEach(ledger::dispatch);
    IntStream.range(0, 7).forEach(i -> ledger.end(i, ends.get(i)));
    ledger.check();
    Ledger.Funnel funnel = ledger.funnel();
    assertThat(funnel.dispatched()).isEqualTo(9);
    assertThat(funnel.open()).isEqualTo(2);
    assertThat(Kind.values()).allSatisfy(kind -> assertThat(funnel.ended(kind)).isEqualTo(1));
  }

  @Test
  void aSecondEndIsAFault() {
    ledger.dispatch(4);
    ledger.end(4, new GroupEnd.Trained(0));
    assertThatThrownBy(() -> ledger.end(4, new GroupEnd.Cancelled()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("position=4");
    assertThatThrownBy(() -> ledger.end(5, new GroupEnd.Cancelled()))
        .hasMessageContaining("position=5");
    assertThat(ledger.funnel().ended(Kind.CANCELLED)).isZero();
  }

  @Test
  void furtherAttemptsAreOneGroup() {
    assertThat(ledger.dispatch(1)).isEqualTo(1);
    assertThat(ledger.dispatch(1)).isEqualTo(2);
    ledger.end(1, new GroupEnd.Failed(Cause.REWARD, "threw twice"));
    assertThat(ledger.funnel()).extracting(Ledger.Funnel::dispatched).isEqualTo(1L);
    assertThat(ledger.funnel().retries()).isEqualTo(1);
    assertThat(ledger.isOpen(1)).isFalse();
  }

  @Test
  void aResumedLedgerHasTheSameGroupsOpen() {
    IntStream.range(0, 5).forEach(ledger::dispatch);
    ledger.dispatch(3);
    ledger.end(0, new GroupEnd.Trained(0));
    Ledger resumed = new Ledger();
    resumed.resume(ledger.state());
    assertThat(resumed.funnel()).isEqualTo(ledger.funnel());
    assertThat(resumed.isOpen(3)).isTrue();
    assertThat(resumed.dispatch(3)).isEqualTo(3);
  }

  @Test
  void aStateWhoseSumsDifferIsRefused() {
    ledger.dispatch(0);
    byte[] state = ledger.state();
    assertThatThrownBy(() -> new Ledger().resume(Arrays.copyOf(state, state.length - 12)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not the state of a ledger");
    assertThatThrownBy(() -> new Ledger().resume(new byte[3]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
