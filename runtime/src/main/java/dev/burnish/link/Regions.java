package dev.burnish.link;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;

/// The regions that this process has passed on, and access to those of processes of other hosts:
/// one connection per region, over which it comes in pieces.
final class Regions {
  /// The actor number to which requests for pieces are sent.
  static final long NUMBER = Long.MIN_VALUE;

  private static final int PIECE = 1 << 18;
  private static final Duration TIMEOUT = Duration.ofMinutes(10);
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());
  private static final Codec ID = CODECS.of(long.class);
  private static final Codec BYTES = CODECS.of(byte[].class);

  private final Map<Long, Region> passedOn = new ConcurrentHashMap<>();

  void passOn(Region region) {
    passedOn.put(region.id(), region);
  }

  void forget(Region region) {
    passedOn.remove(region.id());
  }

  /// Answers with a stream of a region's pieces.
  void serve(ServedCall call) {
    long id = (long) ID.decode(call.arguments(), Session.NONE).getFirst();
    Region region = passedOn.get(id);
    if (region == null) {
      call.fail(new ReplicaLost("its owner has closed it: region=" + id));
      return;
    }
    Streams streams = call.link().streams();
    long stream = streams.produce(new Pieces(region.segment()), BYTES, call.link().session());
    call.reply(ID.encode(List.of(stream), Session.NONE));
  }

  /// Copies a region of another process, over a link that is used for nothing else.
  static void fetch(Link link, long id, MemorySegment into) {
    ClassLoader loader = Regions.class.getClassLoader();
    byte[] reply =
        link.call(
                "region " + id,
                new Link.Target(NUMBER, 0),
                ID.encode(List.of(id), Session.NONE),
                TIMEOUT,
                link.session())
            .await(loader);
    long stream = (long) ID.decode(reply, Session.NONE).getFirst();
    Iterator<Object> pieces = link.streams().consume(stream, BYTES, loader, link.session());
    long offset = 0;
    while (pieces.hasNext()) {
      byte[] piece = (byte[]) pieces.next();
      MemorySegment.copy(piece, 0, into, ValueLayout.JAVA_BYTE, offset, piece.length);
      offset += piece.length;
    }
    if (offset != into.byteSize()) {
      throw new ReplicaLost(
          "a region comes whole: region=%d bytes=%d expected=%d"
              .formatted(id, offset, into.byteSize()));
    }
  }

  /// The bytes of a region, one piece at a time.
  private static final class Pieces implements Iterator<byte[]> {
    private final MemorySegment segment;
    private long offset;

    Pieces(MemorySegment segment) {
      this.segment = segment;
    }

    @Override
    public boolean hasNext() {
      return offset < segment.byteSize();
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException("a region has ended");
      }
      long size = Math.min(PIECE, segment.byteSize() - offset);
      byte[] piece = segment.asSlice(offset, size).toArray(ValueLayout.JAVA_BYTE);
      offset += size;
      return piece;
    }
  }

  /// Ends a lease: the same frame that abandons a stream.
  static Frame release(long lease) {
    return new Frame.Abandon(lease);
  }
}
