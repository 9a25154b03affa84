package dev.burnish.link;

import dev.burnish.link.bulk.Arrivals;
import dev.burnish.link.bulk.Runs;
import dev.burnish.link.bulk.Shelf;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/// The regions that this process has passed on, and access to those of processes of other hosts:
/// those that travel come in pieces over a connection each, those that stay are held there.
final class Regions implements Shelf {
  /// The actor number to which requests for pieces are sent.
  static final long NUMBER = Long.MIN_VALUE;

  /// Numbers of requests.
  private static final int FETCH = 0;

  private static final int HOLD = 1;

  private static final int PIECE = 1 << 18;
  private static final Duration TIMEOUT = Duration.ofMinutes(10);
  private static final Duration HOLDING = Duration.ofMinutes(1);
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());
  private static final Codec ID = CODECS.of(long.class);
  private static final Codec BYTES = CODECS.of(byte[].class);

  private static final Codec HELD = CODECS.of(Held.class);

  private final Map<Long, Passed> passedOn = new HashMap<>();

  /// @param numReceivers that have not ended their lease
  private record Passed(Region region, int numReceivers) {}

  /// The answer to a process of another host that holds a region.
  ///
  /// @param lease ends when it does not need the region any more
  /// @param address of the port where it reads
  record Held(long lease, String address) {}

  synchronized void passOn(Region region) {
    passedOn.merge(
        region.id(),
        new Passed(region, 1),
        (known, _) -> new Passed(region, known.numReceivers() + 1));
  }

  /// Ends one [#passOn].
  synchronized void forget(Region region) {
    passedOn.computeIfPresent(
        region.id(),
        (_, known) ->
            known.numReceivers() == 1 ? null : new Passed(region, known.numReceivers() - 1));
  }

  /// A region for another user, who closes it.
  private synchronized Optional<Region> share(long id) {
    return Optional.ofNullable(passedOn.get(id)).map(passed -> passed.region().share());
  }

  @Override
  public Optional<Loan> lend(long id) {
    return share(id).map(Lent::new);
  }

  private record Lent(Region region) implements Loan {
    @Override
    public MemorySegment bytes() {
      return region.segment();
    }

    @Override
    public boolean await(Runs runs, Duration limit) throws InterruptedException {
      Optional<Arrivals> coming = region.arrivals();
      return coming.isEmpty() || coming.get().await(runs, limit);
    }

    @Override
    public void close() {
      region.close();
    }
  }

  /// Answers a request for a region that was passed on.
  void serve(ServedCall call) {
    long id = (long) ID.decode(call.arguments(), Session.NONE).getFirst();
    Optional<Region> region = share(id);
    if (region.isEmpty()) {
      call.fail(new ReplicaLost("its owner has closed it: region=" + id));
      return;
    }
    try {
      switch (call.method()) {
        case FETCH -> stream(call, region.get());
        case HOLD -> lease(call, region.get().share());
        default -> throw new IllegalArgumentException("no such request: method=" + call.method());
      }
    } catch (RuntimeException | Error e) {
      call.fail(e);
    } finally {
      region.get().close();
    }
  }

  /// Answers with a lease, which the caller ends, or the end of its connection.
  private void lease(ServedCall call, Region region) {
    Link link = call.link();
    CallSession holds = link.resultSession();
    passOn(region);
    long lease =
        link.streams()
            .lease(
                holds,
                () -> {
                  forget(region);
                  region.close();
                });
    try {
      Held held = new Held(lease, link.plane().address());
      call.reply(HELD.encode(List.of(held), Session.NONE), holds);
    } catch (RuntimeException | Error e) {
      holds.release();
      throw e;
    }
  }

  /// Holds a region of another host at its owner, whoever has passed it on. One whose owner is lost
  /// is not an error of the message that it is part of: others may have the same bytes.
  static Region hold(Link from, RegionKind.RegionForm form) {
    Region.Hold hold;
    try {
      hold = held(from.to(form.owner()), form);
    } catch (ReplicaLost e) {
      hold = new Region.Hold.Lost(e);
    } catch (CallTimedOut e) {
      hold = new Region.Hold.Lost(new ReplicaLost("its owner does not answer: " + e, e));
    }
    Region.Source source = new Region.Source(form.path(), form.label());
    return Region.remote(form.size(), new Region.Elsewhere(form.owner(), source, form.id(), hold));
  }

  private static Region.Hold held(Link owner, RegionKind.RegionForm form) {
    byte[] reply =
        owner
            .call(
                "hold region " + form.id(),
                new Link.Target(NUMBER, HOLD),
                ID.encode(List.of(form.id()), Session.NONE),
                HOLDING,
                owner.session())
            .await(Regions.class.getClassLoader());
    Held held = (Held) HELD.decode(reply, Session.NONE).getFirst();
    DataPlane plane = owner.plane();
    return new Region.Hold.Held(
        plane.peer(form.owner(), held.address()),
        plane.settings(),
        owner::isUp,
        () -> owner.send(release(held.lease())));
  }

  /// Answers with a stream of a region's pieces.
  private static void stream(ServedCall call, Region region) {
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
                new Link.Target(NUMBER, FETCH),
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
