package dev.burnish.rl.loop;

import dev.burnish.rl.replay.Snapshot;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import dev.burnish.wire.WireException;
import java.util.List;
import java.util.Map;

/// The loop at a moment between two steps, for a checkpoint. The groups themselves are in the
/// journal.
///
/// @param version that is published
/// @param next position that was not begun
/// @param ledger its state
/// @param buffer groups that wait, by position
/// @param tallies by the step that they belong to, from 0
@SuppressWarnings("ArrayRecordComponent") // bytes of another section; never compared
record LoopState(
    long version, long next, byte[] ledger, Snapshot<Long> buffer, Map<Long, Tally> tallies) {
  private static final Codec CODEC =
      new Codecs(List.of(), Limits.defaults().withMaxBytes(Integer.MAX_VALUE - 64))
          .of(LoopState.class);

  LoopState {
    tallies = Map.copyOf(tallies);
  }

  byte[] encode() {
    return CODEC.encode(List.of(this), Session.NONE);
  }

  /// @throws IllegalArgumentException if it is not the state of a loop
  static LoopState decode(byte[] bytes) {
    try {
      return (LoopState) CODEC.decode(bytes, Session.NONE).getFirst();
    } catch (WireException e) {
      throw new IllegalArgumentException(
          "not the state of rollouts: bytes=%d (%s)".formatted(bytes.length, e.getMessage()), e);
    }
  }
}
