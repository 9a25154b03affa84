package dev.burnish.store.fetch;

import dev.burnish.link.Region;
import dev.burnish.link.RegionReader;
import dev.burnish.link.bulk.Request;
import dev.burnish.link.bulk.Runs;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.sharding.StridedCopy.Band;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Elements of parts on other hosts that are read together: exactly these move.
///
/// A block of which all is read is checked when it is there; of any other one the holder tells the
/// digest of the bytes as they lie, and TLS, where it is on, protects them on the way. Where a
/// holder is lost or stalls, what is missing comes from the next one that has the same part.
///
/// Not thread-safe.
public final class Fetch {
  private final List<Piece> pieces = new ArrayList<>();

  /// Something of a part, until it is there.
  private static final class Piece {
    private final List<Source> holders;
    private final Elements elements;
    private final MemorySegment target;
    private final List<RegionReader.Wanted> missing = new ArrayList<>();
    private int holder;
    private int numMissing;

    Piece(List<Source> holders, Elements elements, MemorySegment target) {
      this.holders = holders;
      this.elements = elements;
      this.target = target;
    }

    Source source() {
      return holders.get(holder);
    }

    synchronized void arrived() {
      numMissing--;
    }

    synchronized boolean isThere() {
      return numMissing == 0;
    }
  }

  /// Adds elements of a part.
  ///
  /// @param holders that have the part, in the order in which they are to be asked
  /// @param target where the elements go
  public void add(List<Source> holders, Elements elements, MemorySegment target) {
    pieces.add(new Piece(holders, elements, target));
  }

  /// Reads them.
  ///
  /// @throws CallFailure if no holder of a part can be read; it names the last one, and the part
  public void run(RegionReader reader) {
    List<Piece> left = new ArrayList<>(pieces);
    while (!left.isEmpty()) {
      List<RegionReader.Wanted> wanted = new ArrayList<>();
      left.forEach(piece -> wanted.addAll(begin(piece)));
      Map<Region, CallFailure> failures = reader.read(wanted);
      left.removeIf(Piece::isThere);
      left.removeIf(piece -> turnToNext(piece, failures));
    }
    pieces.clear();
  }

  /// The next holder; true if it is one of this host, from which the piece was copied.
  private static boolean turnToNext(Piece piece, Map<Region, CallFailure> failures) {
    Source lost = piece.source();
    piece.holder++;
    if (piece.holder == piece.holders.size()) {
      throw Optional.ofNullable(failures.get(lost.memory()))
          .orElseThrow(() -> new IllegalStateException("a part is there: " + lost.what()));
    }
    if (piece.source().memory().isHere()) {
      piece.source().copyHere(piece.elements, piece.target);
      return true;
    }
    return false;
  }

  private static List<RegionReader.Wanted> begin(Piece piece) {
    piece.missing.clear();
    if (piece.elements.copy().numRuns() == 1) {
      addBlocks(piece);
    } else {
      piece.elements.copy().bands().forEach(band -> addBand(piece, band));
      addDigests(piece, block(piece.elements.from()), block(piece.elements.to() - 1));
    }
    piece.numMissing = piece.missing.size();
    return List.copyOf(piece.missing);
  }

  private static int block(long offset) {
    return (int) (offset / Blocks.SIZE);
  }

  /// Bytes that follow each other, block by block.
  private static void addBlocks(Piece piece) {
    Source source = piece.source();
    long from = piece.elements.from();
    long end = piece.elements.to();
    for (long at = from; at < end; ) {
      int block = block(at);
      long blockEnd = Math.min(source.size(), (block + 1L) * Blocks.SIZE);
      long next = Math.min(end, blockEnd);
      long into = piece.elements.target() + at - from;
      Runs runs = Runs.one(source.offset() + at, next - at);
      MemorySegment bytes = piece.target.asSlice(into, next - at);
      if (at % Blocks.SIZE == 0 && next == blockEnd) {
        add(piece, runs, bytes, () -> source.requireDigest(block, Blocks.digest(bytes)));
      } else {
        add(piece, runs, bytes, () -> {});
        addDigests(piece, block, block);
      }
      at = next;
    }
  }

  private static void add(Piece piece, Runs runs, MemorySegment bytes, Runnable check) {
    add(piece, new Read(runs, bytes, Runs.one(0, runs.run()), check));
  }

  /// @param to in the target
  private record Read(Runs from, MemorySegment target, Runs to, Runnable check) {}

  private static void add(Piece piece, Read read) {
    Runnable arrived =
        () -> {
          read.check().run();
          piece.arrived();
        };
    want(piece, new Request.Read(read.from(), read.target(), read.to(), arrived));
  }

  private static void want(Piece piece, Request request) {
    Source source = piece.source();
    piece.missing.add(new RegionReader.Wanted(source.memory(), request, source.what()));
  }

  /// Runs that are equally far from each other, as many as a block has bytes at a time.
  private static void addBand(Piece piece, Band band) {
    int size = piece.elements.bytes();
    long run = Math.min(band.run() * size, Blocks.SIZE);
    int most = (int) (Blocks.SIZE / run);
    for (long part = 0; part < band.run() * size; part += run) {
      long length = Math.min(run, band.run() * size - part);
      for (long i = 0; i < band.count(); i += most) {
        int count = (int) Math.min(most, band.count() - i);
        long from = (band.sourceOffset() + i * band.sourceStride()) * size + part;
        long to = (band.targetOffset() + i * band.targetStride()) * size + part;
        add(
            piece,
            new Read(
                new Runs(piece.source().offset() + from, length, count, band.sourceStride() * size),
                piece.target,
                new Runs(to, length, count, band.targetStride() * size),
                () -> {}));
      }
    }
  }

  /// Asks for the digests of blocks that have not been checked.
  private static void addDigests(Piece piece, int first, int last) {
    Source source = piece.source();
    for (int block = first; block <= last; block++) {
      if (source.isUnchecked(block)) {
        int number = block;
        long start = (long) block * Blocks.SIZE;
        long length = Math.min(source.size() - start, Blocks.SIZE);
        want(
            piece,
            new Request.Digest(
                Runs.one(source.offset() + start, length),
                digest -> {
                  source.requireDigest(number, digest);
                  source.checked(number);
                  piece.arrived();
                }));
      }
    }
  }

  /// Asks for the digests of all blocks of a part from one byte to another.
  ///
  /// @throws CallFailure if its holder cannot be read
  public static void check(RegionReader reader, Source source, Elements elements) {
    Piece piece = new Piece(List.of(source), elements, MemorySegment.NULL);
    addDigests(piece, block(elements.from()), block(elements.to() - 1));
    reader.read(piece.missing).values().stream()
        .findFirst()
        .ifPresent(failure -> {
          throw failure;
        });
  }
}
