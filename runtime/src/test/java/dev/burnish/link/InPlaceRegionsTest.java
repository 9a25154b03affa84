package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.RegionReader.Wanted;
import dev.burnish.link.bulk.Arrivals;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.bulk.Request;
import dev.burnish.link.bulk.Runs;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.Network.Reach;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Regions that stay on their host, passed on between processes that are told to be of different
/// hosts.
@Timeout(60)
class InPlaceRegionsTest {
  private static final byte[] TOKEN = {1};
  private static final Codec CODEC =
      new Codecs(List.of(new RegionKind()), Limits.defaults()).of(Region.class);
  private static final int SIZE = 3_000_000;

  @TempDir private Path folder;

  private final JobKeys keys = JobKeys.create();
  private final List<Switchboard> boards = new ArrayList<>();
  private final Arena arena = Arena.ofShared();

  /// A process that keeps the regions that it gets.
  private static final class Keeping implements Link.Handler {
    private final BlockingQueue<Region> kept = new LinkedBlockingQueue<>();

    @Override
    public void call(ServedCall call) {
      Thread.ofPlatform()
          .start(() -> {
            try {
              Region region = (Region) CODEC.decode(call.arguments(), call.session()).getFirst();
              kept.add(region.keep());
              call.reply(new byte[0]);
            } catch (Throwable e) {
              call.fail(e);
            } finally {
              call.session().release();
            }
          });
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }

  private record Peer(Switchboard board, BlockingQueue<Region> kept) {
    void pass(Region region, Peer to) {
      Link link = board.link(to.board().self());
      CallSession session = link.session(Deadline.in(Clock.system(), Duration.ofMinutes(1)));
      byte[] arguments = CODEC.encode(List.of(region), session);
      byte[] _ =
          link.call("pass", new Link.Target(5, 6), arguments, Duration.ofMinutes(1), session)
              .await(InPlaceRegionsTest.class.getClassLoader());
    }
  }

  private Peer process(String name, String host) throws IOException {
    return process(name, host, BulkSettings.defaults());
  }

  private Peer process(String name, String host, BulkSettings bulk) throws IOException {
    Keeping handler = new Keeping();
    Reach reach = new Reach(InetAddress.getLoopbackAddress(), keys);
    Switchboard board =
        new Switchboard(
            SocketNetwork.open(name, host, folder, 1 << 20, Optional.of(reach)),
            TOKEN,
            handler,
            Clock.system(),
            LinkSettings.defaults().withBulk(bulk));
    boards.add(board);
    return new Peer(board, handler.kept);
  }

  @AfterEach
  void close() {
    boards.forEach(Switchboard::close);
    arena.close();
  }

  private static Region filled() {
    Region region = Region.allocateInPlace(SIZE);
    for (long i = 0; i < SIZE; i += Long.BYTES) {
      region.segment().set(ValueLayout.JAVA_LONG, i, i * 31);
    }
    return region;
  }

  private MemorySegment read(Region region) {
    MemorySegment target = arena.allocate(SIZE);
    Runs runs = Runs.one(0, SIZE);
    try (RegionReader reader = new RegionReader()) {
      assertThat(
              reader.read(
                  List.of(
                      new Wanted(region, new Request.Read(runs, target, runs, () -> {}), "all"))))
          .isEmpty();
    }
    return target;
  }

  @Test
  void anotherHostReadsARegionThatStaysWhereItIs() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    try (Region region = filled()) {
      near.pass(region, far);
      try (Region passed = far.kept().take()) {
        assertThat(passed.isHere()).isFalse();
        assertThat(passed.size()).isEqualTo(SIZE);
        assertThat(read(passed).mismatch(region.segment())).isEqualTo(-1);
        assertThatThrownBy(passed::segment)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("owner=near@a");
      }
    }
  }

  /// To its own host, to a third one, and back to its owner.
  @Test
  void whoHasItFromAnotherHostPassesItOnAndLeaves() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    Peer third = process("third", "c");
    Peer neighbour = process("neighbour", "a");
    try (Region region = filled()) {
      near.pass(region, far);
      try (Region passed = far.kept().take()) {
        far.pass(passed, third);
        far.pass(passed, neighbour);
        far.pass(passed, near);
      }
      far.board().close();
      try (Region atThird = third.kept().take();
          Region atNeighbour = neighbour.kept().take();
          Region home = near.kept().take()) {
        assertThat(read(atThird).mismatch(region.segment())).isEqualTo(-1);
        assertThat(atNeighbour.isHere()).isTrue();
        assertThat(atNeighbour.segment().mismatch(region.segment())).isEqualTo(-1);
        assertThat(home.segment().mismatch(region.segment())).isEqualTo(-1);
      }
    }
  }

  @Test
  void itsMemoryStaysAsLongAsAnyOtherHostHasIt() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    Peer third = process("third", "c");
    try (Region region = filled()) {
      near.pass(region, far);
      near.pass(region, third);
      Region first = far.kept().take();
      Region second = third.kept().take();
      assertThat(region.isHeldElsewhere()).isTrue();
      first.close();
      assertThat(region.isHeldElsewhere()).isTrue();
      assertThat(read(second).mismatch(region.segment())).isEqualTo(-1);
      second.close();
      awaitUntil(() -> !region.isHeldElsewhere());
    }
  }

  @Test
  void aReaderThatIsGoneHoldsNothing() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    try (Region region = filled()) {
      near.pass(region, far);
      try (Region passed = far.kept().take()) {
        assertThat(passed.isHere()).isFalse();
        assertThat(region.isHeldElsewhere()).isTrue();
        far.board().close();
        awaitUntil(() -> !region.isHeldElsewhere());
      }
    }
  }

  @Test
  void aRegionWhoseOwnerIsGoneIsAnErrorThatNamesIt() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    Peer third = process("third", "c");
    try (Region region = filled()) {
      near.pass(region, far);
      try (Region passed = far.kept().take();
          RegionReader reader = new RegionReader()) {
        near.board().close();
        Runs runs = Runs.one(0, 10);
        Request request = new Request.Read(runs, arena.allocate(10), runs, () -> {});
        assertThat(reader.read(List.of(new Wanted(passed, request, "key=a"))).values())
            .singleElement()
            .isInstanceOf(ReplicaLost.class)
            .asString()
            .contains("peer=near@a")
            .contains("what=key=a");
        far.pass(passed, third);
        try (Region lost = third.kept().take()) {
          assertThat(lost.isHere()).isFalse();
          assertThat(reader.read(List.of(new Wanted(lost, request, "key=b"))).values())
              .singleElement()
              .isInstanceOf(ReplicaLost.class)
              .asString()
              .contains("peer=near@a")
              .contains("what=key=b");
        }
      }
    }
  }

  /// Another one may be written into the memory by then.
  @Test
  void aRegionIsNotReadByOneWhoHasLostItsLease() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    try (Region region = filled()) {
      near.pass(region, far);
      try (Region passed = far.kept().take();
          RegionReader reader = new RegionReader()) {
        near.board().existing("far").orElseThrow().lose(new ReplicaLost("of the test"));
        awaitUntil(() -> !region.isHeldElsewhere());
        Runs runs = Runs.one(0, 10);
        Request request = new Request.Read(runs, arena.allocate(10), runs, () -> {});
        assertThat(reader.read(List.of(new Wanted(passed, request, "key=a"))).values())
            .singleElement()
            .asString()
            .contains("its owner has closed it");
      }
    }
  }

  /// Longer than the patience of a reader that hears nothing.
  @Test
  void aReaderWaitsForBytesThatStillCome() throws Exception {
    Duration patience = Duration.ofMillis(400);
    BulkSettings impatient = BulkSettings.defaults().withPatience(patience);
    Peer near = process("near", "a", impatient);
    Peer far = process("far", "b", impatient);
    Arrivals arrivals = new Arrivals(SIZE);
    try (Region region = filled()) {
      region.comesBy(arrivals);
      near.pass(region, far);
      try (Region passed = far.kept().take()) {
        Thread writer =
            Thread.ofPlatform()
                .start(() -> {
                  for (int block = 0; block < arrivals.numBlocks(); block++) {
                    pause(patience);
                    boolean _ = arrivals.arrived(block);
                  }
                });
        assertThat(read(passed).mismatch(region.segment())).isEqualTo(-1);
        writer.join();
      }
    }
  }

  /// The time that a sender takes, not a wait for something.
  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aReaderIsToldThatBytesWillNotCome() throws Exception {
    Peer near = process("near", "a");
    Peer far = process("far", "b");
    try (Region region = filled()) {
      Arrivals arrivals = new Arrivals(SIZE);
      region.comesBy(arrivals);
      arrivals.fail("the source is lost");
      near.pass(region, far);
      try (Region passed = far.kept().take();
          RegionReader reader = new RegionReader()) {
        Runs runs = Runs.one(0, 10);
        Request request = new Request.Read(runs, arena.allocate(10), runs, () -> {});
        assertThat(reader.read(List.of(new Wanted(passed, request, "key=a"))).get(passed))
            .isInstanceOf(ReplicaLost.class)
            .hasMessageContaining("the source is lost");
      }
    }
  }

  private static void awaitUntil(BooleanSupplier holds) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    while (!holds.getAsBoolean()) {
      boolean _ = never.await(5, TimeUnit.MILLISECONDS);
    }
  }
}
