package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.CallChain.Waiter;
import dev.burnish.wire.Fuzz;
import dev.burnish.wire.WireException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CallChainTest {
  private static final CallChain CHAIN =
      CallChain.NONE
          .then(new Waiter(70_000, 3, "counters[1].add"))
          .then(new Waiter(-5, Long.MAX_VALUE, "größer[2].ask"))
          .then(new Waiter(70_001, 1, ""));

  private static byte[] remaining(ByteBuffer in) {
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    return bytes;
  }

  @Test
  void itComesBackEqualAndTheArgumentsAfterIt() {
    ByteBuffer in = ByteBuffer.wrap(CHAIN.before(new byte[] {7, 8}));
    assertThat(CallChain.read(in)).isEqualTo(CHAIN);
    assertThat(remaining(in)).containsExactly(7, 8);
  }

  @Test
  void callsThatNoActorWaitsForCarryNothing() {
    byte[] arguments = {1, 2, 3};
    assertThat(CallChain.NONE.before(arguments)).isSameAs(arguments);
  }

  @Test
  void aCircleIsWhatComesFromTheSameTurnOfAnActorOn() {
    assertThat(CHAIN.from(-5, Long.MAX_VALUE))
        .extracting(Waiter::name)
        .containsExactly("größer[2].ask", "");
    assertThat(CHAIN.from(70_000, 4)).isEmpty();
    assertThat(CHAIN.from(70_002, 3)).isEmpty();
  }

  @Test
  void aChainIsOfBoundedLength() {
    CallChain chain = CallChain.NONE;
    for (int i = 0; i < CallChain.MOST; i++) {
      chain = chain.then(new Waiter(i, i, "a".repeat(1000)));
    }
    CallChain longest = chain;
    byte[] bytes = longest.before(new byte[0]);
    assertThat(bytes.length).isLessThan(100_000);
    assertThat(CallChain.read(ByteBuffer.wrap(bytes))).isEqualTo(longest);
    assertThatThrownBy(() -> longest.then(new Waiter(1, 1, "last")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("depth=1025 (at most 1024)");
  }

  @Test
  void chainsThatAreNotWholeAreRefused() {
    byte[] bytes = CHAIN.before(new byte[0]);
    for (int size = 0; size < bytes.length; size++) {
      ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(bytes, size));
      assertThatThrownBy(() -> CallChain.read(cut)).isInstanceOf(WireException.class);
    }
    assertThatThrownBy(() -> CallChain.read(ByteBuffer.wrap(new byte[100])))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("length=0");
    byte[] tooLong = new byte[1 << 16];
    tooLong[0] = 4;
    tooLong[1] = 1;
    assertThatThrownBy(() -> CallChain.read(ByteBuffer.wrap(tooLong)))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("length=1025 (1 to 1024)");
  }

  @Test
  void mutatedChainsAreReadOrRefusedNothingElse() {
    Fuzz.mutants(
        CHAIN.before(new byte[5]),
        5,
        Fuzz.count() / 10,
        mutant -> {
          ByteBuffer in = ByteBuffer.wrap(mutant);
          try {
            CallChain chain = CallChain.read(in);
            byte[] again = chain.before(remaining(in));
            assertThat(CallChain.read(ByteBuffer.wrap(again))).isEqualTo(chain);
          } catch (WireException e) {
            assertThat(e.getMessage()).isNotEmpty();
          }
        });
  }
}
