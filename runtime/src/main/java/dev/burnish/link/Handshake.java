package dev.burnish.link;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import dev.burnish.wire.WireException;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/// The handshake of a connection: each side identifies itself and shows the job's token. The caller
/// speaks first; the called side answers only a peer that shows the token.
final class Handshake {
  private static final Codec CODEC =
      new Codecs(List.of(), Limits.defaults()).of(Introduction.class);

  /// @param token of the job, as bytes
  record Introduction(int version, byte[] token, ProcessAddress from) {}

  private static final int VERSION = 1;

  /// The side of a handshake: which of them says hello first.
  enum Side {
    CALLING,
    CALLED
  }

  private final Side side;
  private final byte[] token;
  private final ProcessAddress self;
  private volatile Consumer<ProcessAddress> onMet;
  private final CountDownLatch settled = new CountDownLatch(1);
  private volatile Optional<ProcessAddress> peer = Optional.empty();
  private volatile Optional<ReplicaLost> lost = Optional.empty();

  /// @param onMet called with a peer that belongs here, before any other frame of it
  Handshake(Side side, byte[] token, ProcessAddress self, Consumer<ProcessAddress> onMet) {
    this.side = side;
    this.token = token;
    this.self = self;
    this.onMet = onMet;
  }

  Optional<Frame> hello() {
    return side == Side.CALLING ? Optional.of(introduction()) : Optional.empty();
  }

  /// Checks an introduction; returns the answer to it, if one is due.
  ///
  /// @throws WireException if the peer does not belong here
  Optional<Frame> meet(byte[] bytes) {
    Introduction introduction = (Introduction) CODEC.decode(bytes, Session.NONE).getFirst();
    if (!MessageDigest.isEqual(introduction.token(), token)) {
      throw new WireException(
          "refused a peer without the job's token: from=" + introduction.from());
    }
    if (introduction.version() != VERSION) {
      throw new WireException(
          "both sides speak the same version: version=%d expected=%d; run one build everywhere"
              .formatted(introduction.version(), VERSION));
    }
    onMet.accept(introduction.from());
    onMet = met -> {};
    peer = Optional.of(introduction.from());
    settled.countDown();
    return side == Side.CALLED ? Optional.of(introduction()) : Optional.empty();
  }

  void lost(ReplicaLost cause) {
    lost = Optional.of(cause);
    onMet = met -> {};
    settled.countDown();
  }

  boolean isDone() {
    return peer.isPresent();
  }

  /// Waits until the peer is known.
  ProcessAddress peer() {
    if (peer.isEmpty()) {
      try {
        Waits.await(settled);
      } catch (InterruptedException e) {
        throw CallCancelled.by(e, "interrupted while a connection is made");
      }
    }
    return peer.orElseThrow(() -> lost.orElseThrow());
  }

  private Frame introduction() {
    return new Frame.Hello(
        CODEC.encode(List.of(new Introduction(VERSION, token, self)), Session.NONE));
  }
}
