package dev.burnish.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class FramesTest {
  private static final List<Frame> ALL =
      List.of(
          new Frame.Hello(new byte[] {1, 2}),
          new Frame.Call(1, 2, 3, 4, new byte[] {5}),
          new Frame.Cast(-1, 2, new byte[0]),
          new Frame.Reply(Long.MAX_VALUE, new byte[] {9}),
          new Frame.Failure(2, new byte[3]),
          new Frame.Cancel(3),
          new Frame.Item(4, new byte[] {7}),
          new Frame.End(5),
          new Frame.Broken(6, new byte[] {8}),
          new Frame.Credit(7, 32),
          new Frame.Abandon(8),
          new Frame.Heartbeat(),
          new Frame.Bye("the end"));

  private static byte[] bytes(Frame frame, int sequence) {
    byte[] payload = Frames.payload(frame);
    ByteBuffer out = ByteBuffer.allocate(64 + payload.length);
    Frames.writeHead(frame, payload.length, sequence, out);
    out.put(payload).flip();
    byte[] bytes = new byte[out.remaining()];
    out.get(bytes);
    return bytes;
  }

  @Test
  void everyFrameComesBackEqual() {
    for (Frame frame : ALL) {
      byte[] bytes = bytes(frame, 77);
      ByteBuffer in = ByteBuffer.wrap(bytes);
      assertThat(in.getInt()).as("length").isEqualTo(bytes.length - Integer.BYTES);
      assertThat(in.getInt()).as("sequence").isEqualTo(77);
      assertThat(Frames.read(in)).usingRecursiveComparison().isEqualTo(frame);
    }
  }

  @Test
  void theLargestPayloadFitsTheLimit() {
    Limits limits = Limits.defaults().withMaxBytes(4096);
    byte[] most = new byte[Frames.maxPayload(limits)];
    assertThat(bytes(new Frame.Call(1, 1, 1, 1, most), 0).length).isLessThanOrEqualTo(4096);
  }

  @Test
  void framesThatAreCutOrLongerThanTheirFieldsAreRefused() {
    for (Frame frame : ALL) {
      byte[] bytes = bytes(frame, 0);
      int fixed = bytes.length - Frames.payload(frame).length;
      for (int size = 8; size < fixed; size++) {
        ByteBuffer cut = ByteBuffer.wrap(bytes, 8, size - 8).slice();
        assertThatThrownBy(() -> Frames.read(cut)).isInstanceOf(WireException.class);
      }
    }
    assertThatThrownBy(() -> Frames.read(ByteBuffer.wrap(new byte[] {12, 0})))
        .hasMessageContaining("left=1");
  }

  @Test
  void callsWithoutTimeAndCreditsOfNothingAreRefused() {
    byte[] call = bytes(new Frame.Call(1, 2, 3, 0, new byte[0]), 0);
    assertThatThrownBy(() -> Frames.read(ByteBuffer.wrap(call, 8, call.length - 8).slice()))
        .hasMessageContaining("timeout=0");
    byte[] credit = bytes(new Frame.Credit(1, -5), 0);
    assertThatThrownBy(() -> Frames.read(ByteBuffer.wrap(credit, 8, credit.length - 8).slice()))
        .hasMessageContaining("items=-5");
  }

  @Test
  void mutatedFramesAreReadOrRefusedNothingElse() {
    for (Frame frame : ALL) {
      byte[] whole = bytes(frame, 0);
      byte[] body = java.util.Arrays.copyOfRange(whole, 8, whole.length);
      Fuzz.mutants(
          body,
          3,
          Fuzz.count() / ALL.size(),
          mutant -> {
            try {
              Frames.read(ByteBuffer.wrap(mutant));
            } catch (WireException e) {
              assertThat(e.getMessage()).isNotEmpty();
            }
          });
    }
  }
}
