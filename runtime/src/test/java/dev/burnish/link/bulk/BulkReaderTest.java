package dev.burnish.link.bulk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.bulk.BulkReader.Wanted;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.HostChannel;
import dev.burnish.link.transport.HostChannel.Protection;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.Network.Reach;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A port and its readers, over loopback; what lies between them fails.
@Timeout(60)
class BulkReaderTest {
  private static final int SIZE = 40 << 20;
  private static final int PIECE = 1 << 20;
  private static final long REGION = 7;

  private final Logger log = Logger.getLogger("dev.burnish.link");
  private final JobKeys keys = JobKeys.create();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment source = arena.allocate(SIZE, 64);
  private final MemorySegment target = arena.allocate(SIZE, 64);
  private final AtomicInteger numLent = new AtomicInteger();
  private final AtomicInteger numOut = new AtomicInteger();
  private BulkPort port;

  @BeforeEach
  void fill() throws IOException {
    log.setLevel(Level.OFF);
    SplittableRandom random = new SplittableRandom(1);
    for (long i = 0; i < SIZE; i += Long.BYTES) {
      source.set(ValueLayout.JAVA_LONG, i, random.nextLong());
    }
    open(settings(Protection.ENCRYPTED));
  }

  private static BulkSettings settings(Protection protection) {
    return BulkSettings.defaults().withProtection(protection);
  }

  private void open(BulkSettings settings) throws IOException {
    close();
    port = BulkPort.open(new Reach(InetAddress.getLoopbackAddress(), keys), this::lend, settings);
  }

  @AfterEach
  void close() {
    if (port != null) {
      port.close();
    }
  }

  private Optional<Shelf.Loan> lend(long region) {
    if (region != REGION) {
      return Optional.empty();
    }
    numLent.incrementAndGet();
    numOut.incrementAndGet();
    return Optional.of(
        new Shelf.Loan() {
          @Override
          public MemorySegment bytes() {
            return source.asReadOnly();
          }

          @Override
          public void close() {
            numOut.decrementAndGet();
          }
        });
  }

  private BulkPeer peer(String address) {
    return new BulkPeer("holder", address, keys);
  }

  private Wanted read(long offset, long bytes) {
    Runs runs = Runs.one(offset, bytes);
    return new Wanted(REGION, new Request.Read(runs, target, runs, () -> {}), "w" + offset);
  }

  private List<Wanted> all() {
    List<Wanted> wanted = new ArrayList<>();
    for (long at = 0; at < SIZE; at += PIECE) {
      wanted.add(read(at, PIECE));
    }
    return wanted;
  }

  private Map<BulkPeer, CallFailure> read(
      String address, BulkSettings settings, List<Wanted> wanted) {
    try (BulkReader reader = new BulkReader(settings)) {
      return reader.read(Map.of(peer(address), wanted));
    }
  }

  @ParameterizedTest
  @EnumSource(Protection.class)
  void readsAllBytesOverSeveralConnections(Protection protection) throws Exception {
    open(settings(protection));
    assertThat(read(port.address(), settings(protection), all())).isEmpty();
    assertThat(source.mismatch(target)).isEqualTo(-1);
    assertThat(numLent).hasValue(SIZE / PIECE);
    awaitUntil(() -> port.numConnections() == 0 && numOut.get() == 0);
  }

  /// Of 1000 random runs, those and no other bytes of the target are written.
  @ParameterizedTest
  @EnumSource(Protection.class)
  void readsRunsFromAnywhereToAnywhere(Protection protection) throws Exception {
    open(settings(protection));
    MemorySegment expected = arena.allocate(SIZE);
    SplittableRandom random = new SplittableRandom(2);
    List<Wanted> wanted = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < 1000; i++) {
      int count = random.nextInt(1, 30);
      long run = random.nextLong(1, random.nextInt(3) == 0 ? 30_000 : 40);
      Runs from = new Runs(random.nextLong(1 << 20), run, count, run + random.nextLong(100));
      Runs to = new Runs(at, run, count, run + random.nextLong(3));
      at = to.start(count - 1) + run;
      if (at > SIZE) {
        break;
      }
      for (int j = 0; j < count; j++) {
        MemorySegment.copy(source, from.start(j), expected, to.start(j), run);
      }
      wanted.add(new Wanted(REGION, new Request.Read(from, target, to, () -> {}), "run " + i));
    }
    assertThat(read(port.address(), settings(protection), wanted)).isEmpty();
    assertThat(expected.mismatch(target)).isEqualTo(-1);
  }

  @Test
  void digestsAreThoseOfTheBytesWhereTheyLie() {
    CRC32C sum = new CRC32C();
    sum.update(source.asSlice(5, PIECE).asByteBuffer());
    AtomicInteger digest = new AtomicInteger();
    Request request = new Request.Digest(Runs.one(5, PIECE), digest::set);
    assertThat(
            read(
                port.address(),
                BulkSettings.defaults(),
                List.of(new Wanted(REGION, request, "digest"))))
        .isEmpty();
    assertThat(digest).hasValue((int) sum.getValue());
  }

  @Test
  void whereOneSideWantsEncryptionNothingGoesInTheClear() throws Exception {
    try (Between between = new Between(port.address())) {
      source.fill((byte) 'x');
      assertThat(
              read(between.address(), settings(Protection.AUTHENTICATED), List.of(read(0, PIECE))))
          .isEmpty();
      assertThat(source.asSlice(0, PIECE).mismatch(target.asSlice(0, PIECE))).isEqualTo(-1);
      // A record of TLS has at least 22 bytes more than what is in it.
      assertThat(between.numAnswered()).isGreaterThan(PIECE + 22 * (PIECE >> 14));
    }
  }

  /// Every connection is cut once in the middle, and one twice.
  @Test
  void onlyWhatALostConnectionHasNotAnsweredIsAskedAgain() throws Exception {
    int numCuts = 5;
    try (Between between = new Between(port.address())) {
      between.cut(numCuts, 3 * PIECE + 12_345);
      BulkSettings settings = BulkSettings.defaults();
      assertThat(read(between.address(), settings, all())).isEmpty();
      assertThat(source.mismatch(target)).isEqualTo(-1);
      assertThat(numLent.get())
          .isBetween(SIZE / PIECE + 1, SIZE / PIECE + numCuts * settings.numAhead());
    }
  }

  @Test
  void aPeerThatIsLostAgainAndAgainIsGivenUpAndNamed() throws Exception {
    try (Between between = new Between(port.address())) {
      between.cut(1000, 100_000);
      assertThat(read(between.address(), BulkSettings.defaults(), all()).values())
          .singleElement()
          .isInstanceOf(ReplicaLost.class)
          .asString()
          .contains("peer=holder")
          .contains("address=" + between.address())
          .contains("what=w")
          .contains("missing=40 of 40");
    }
  }

  @Test
  void aPeerThatStallsIsGivenUpInTimeAndNamed() throws Exception {
    try (Between between = new Between(port.address())) {
      between.stall(5L << 20);
      BulkSettings settings = BulkSettings.defaults().withPatience(Duration.ofMillis(500));
      assertThat(read(between.address(), settings, all()).values())
          .singleElement()
          .isInstanceOf(CallTimedOut.class)
          .asString()
          .contains("peer=holder")
          .contains("bulk.patience=PT0.5S");
    }
  }

  /// The other one is read to the end.
  @Test
  void thePeersOfAReadingFailOneByOne() throws Exception {
    try (Between between = new Between(port.address());
        BulkReader reader =
            new BulkReader(BulkSettings.defaults().withPatience(Duration.ofSeconds(5)))) {
      between.stall(0);
      List<Wanted> wanted = all();
      BulkPeer stalled = new BulkPeer("stalled", between.address(), keys);
      assertThat(
              reader.read(
                  Map.of(
                      stalled, wanted.subList(0, 1), peer(port.address()), wanted.subList(1, 40))))
          .containsOnlyKeys(stalled);
      assertThat(source.asSlice(PIECE).mismatch(target.asSlice(PIECE))).isEqualTo(-1);
    }
  }

  @Test
  void whatIsNotThereIsRefusedAndTheConnectionStays() {
    try (BulkReader reader = new BulkReader(BulkSettings.defaults())) {
      BulkPeer peer = peer(port.address());
      Request first = read(0, 10).request();
      assertThat(reader.read(Map.of(peer, List.of(new Wanted(8, first, "gone")))).values())
          .singleElement()
          .isInstanceOf(ReplicaLost.class)
          .asString()
          .contains("what=gone")
          .contains("region=8");
      Request outside = new Request.Read(Runs.one(SIZE - 9, 10), target, Runs.one(0, 10), () -> {});
      assertThat(reader.read(Map.of(peer, List.of(new Wanted(REGION, outside, "far")))).values())
          .singleElement()
          .asString()
          .contains("within the region");
      assertThat(reader.read(Map.of(peer, List.of(read(0, 10))))).isEmpty();
    }
  }

  @Test
  void anErrorOfAnActionEndsTheReading() {
    Request request =
        new Request.Read(
            Runs.one(0, 10),
            target,
            Runs.one(0, 10),
            () -> {
              throw new IllegalStateException("wrong digest");
            });
    assertThatThrownBy(() ->
            read(
                port.address(), BulkSettings.defaults(), List.of(new Wanted(REGION, request, "w"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("wrong digest");
  }

  @Test
  void anInterruptedReaderLeavesNoThreadAndNoConnection() throws Exception {
    try (Between between = new Between(port.address())) {
      between.stall(2L << 20);
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  read(between.address(), BulkSettings.defaults(), all());
                } catch (Throwable e) {
                  thrown.set(e);
                }
              });
      between.awaitStall();
      caller.interrupt();
      caller.join();
      assertThat(thrown.get()).isInstanceOf(CallCancelled.class);
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().startsWith("link/bulk/holder"));
    }
    awaitUntil(() -> port.numConnections() == 0 && numOut.get() == 0);
  }

  /// It asks for much and reads nothing.
  @Test
  void aReaderThatTakesNothingIsDroppedAndHoldsNoMemory() throws Exception {
    open(BulkSettings.defaults().withPatience(Duration.ofMillis(300)));
    try (HostChannel greedy =
        HostChannel.connect(port.address(), keys, Protection.ENCRYPTED, Duration.ofSeconds(10))) {
      byte[] question = new byte[Question.SIZE];
      for (int i = 0; i < 40; i++) {
        new Question(Question.Kind.BYTES, REGION, Runs.one(0, PIECE))
            .write(java.nio.ByteBuffer.wrap(question));
        greedy.write(MemorySegment.ofArray(question));
      }
      greedy.flush();
      awaitUntil(() -> numOut.get() == 1);
      awaitUntil(() -> port.numConnections() == 0 && numOut.get() == 0);
    }
  }

  @Test
  void strangersGetNothingAndDisturbNobody() throws Exception {
    int number = Integer.parseInt(port.address().replaceAll(".*:", ""));
    try (Socket garbage = new Socket(InetAddress.getLoopbackAddress(), number);
        OutputStream out = garbage.getOutputStream()) {
      out.write(new byte[100]);
      assertThatThrownBy(() ->
              HostChannel.connect(
                  port.address(),
                  JobKeys.create(),
                  Protection.AUTHENTICATED,
                  Duration.ofSeconds(10)))
          .isInstanceOf(IOException.class);
      assertThat(numLent).hasValue(0);
      assertThat(read(port.address(), BulkSettings.defaults(), all())).isEmpty();
    }
  }

  /// A member whose bytes are no request: any length, negative, or beyond all memory.
  @Test
  void aRequestThatIsNoneEndsItsConnection() throws Exception {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 20; i++) {
      try (HostChannel member =
          HostChannel.connect(port.address(), keys, Protection.ENCRYPTED, Duration.ofSeconds(10))) {
        byte[] question = new byte[Question.SIZE];
        random.nextBytes(question);
        question[0] = 1;
        member.write(MemorySegment.ofArray(question));
        member.flush();
        assertThatThrownBy(() -> member.read(arena.allocate(1))).isInstanceOf(IOException.class);
      }
    }
    assertThat(numLent).hasValue(0);
    assertThat(read(port.address(), BulkSettings.defaults(), all())).isEmpty();
  }

  private static void awaitUntil(java.util.function.BooleanSupplier holds)
      throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    while (!holds.getAsBoolean()) {
      boolean _ = never.await(5, java.util.concurrent.TimeUnit.MILLISECONDS);
    }
  }
}
