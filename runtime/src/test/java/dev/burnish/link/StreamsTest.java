package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frames;
import dev.burnish.wire.Limits;
import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Streams between two processes, over a socket with small frames.
@Timeout(60)
class StreamsTest {
  private static final Limits LIMITS = Limits.defaults().withMaxBytes(1 << 12);
  private static final ClassLoader LOADER = StreamsTest.class.getClassLoader();
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Codecs CODECS = new Codecs(List.of(new StreamKind(LOADER)), LIMITS);
  private static final Codec BYTES = CODECS.of(type("bytes"));
  private static final Codec NUMBERS = CODECS.of(type("numbers"));
  private static final Codec CALLBACKS = CODECS.of(type("callback"));

  /// Its methods declare types.
  interface Declared {
    Iterator<byte[]> bytes();

    Iterator<Integer> numbers();

    Consumer<Integer> callback();
  }

  private static Type type(String method) {
    try {
      return Declared.class.getDeclaredMethod(method).getGenericReturnType();
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  @TempDir private Path folder = Path.of("");
  private final List<Switchboard> boards = new ArrayList<>();
  private final BlockingQueue<ServedCall> calls = new LinkedBlockingQueue<>();
  private Optional<Link> link = Optional.empty();

  private final class Taking implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      calls.add(call);
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }

  private Switchboard board(String name) throws IOException {
    Switchboard board =
        new Switchboard(
            SocketNetwork.open(name, "host", folder, LIMITS.maxBytes(), Optional.empty()),
            new byte[] {1},
            new Taking(),
            Clock.system(),
            LinkSettings.defaults().withLimits(LIMITS));
    boards.add(board);
    return board;
  }

  @BeforeEach
  void connect() throws IOException {
    Switchboard far = board("far");
    link = Optional.of(board("near").link(far.self()));
  }

  @AfterEach
  void close() {
    boards.forEach(Switchboard::close);
  }

  private Link link() {
    return link.orElseThrow();
  }

  private OpenCall call(Codec codec, Object argument, Duration timeout) {
    CallSession session = link().session();
    byte[] arguments = codec.encode(List.of(argument), session);
    return link().call("test", new Link.Target(5, 6), arguments, timeout, session);
  }

  @SuppressWarnings("unchecked") // as the codec says
  private static <T> Iterator<T> elements(Codec codec, ServedCall call) {
    return (Iterator<T>) codec.decode(call.arguments(), call.session()).getFirst();
  }

  /// The caller's view of a result of the callee.
  @SuppressWarnings("unchecked") // as the codec says
  private Iterator<Integer> result(Iterator<Integer> theirs, Duration patience) throws Exception {
    OpenCall open = call(NUMBERS, List.<Integer>of().iterator(), LONG);
    ServedCall served = calls.take();
    served.reply(NUMBERS.encode(List.of(theirs), served.link().resultSession()));
    byte[] result = open.await(LOADER);
    return (Iterator<Integer>) NUMBERS.decode(result, link().resultSession(patience)).getFirst();
  }

  /// Reports when it is released.
  private static final class Watched implements Iterator<Integer>, AutoCloseable {
    private final Iterator<Integer> inner;
    private final CountDownLatch closed = new CountDownLatch(1);

    Watched(Iterator<Integer> inner) {
      this.inner = inner;
    }

    @Override
    public boolean hasNext() {
      return inner.hasNext();
    }

    @Override
    public Integer next() {
      return inner.next();
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }

  private static Watched endless() {
    return new Watched(IntStream.iterate(0, i -> i + 1).iterator());
  }

  /// An iterator without elements.
  private static Iterator<Integer> silent() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return false;
      }

      @Override
      public Integer next() {
        return 0;
      }
    };
  }

  /// The bytes around a byte[] that is an element.
  private static final int AROUND = 3;

  @Test
  void elementsHaveTheExactLimitAndTheConnectionStays() throws Exception {
    int most = Frames.maxPayload(LIMITS) - AROUND;
    for (int size = most - 40; size <= most + 60; size++) {
      List<byte[]> sent = List.of(new byte[] {1}, new byte[size]);
      OpenCall open = call(BYTES, sent.iterator(), LONG);
      ServedCall served = calls.take();
      Iterator<byte[]> theirs = elements(BYTES, served);
      assertThat(theirs.next()).hasSize(1);
      if (size <= most) {
        assertThat(theirs.next()).hasSize(size);
        assertThat(theirs.hasNext()).isFalse();
      } else {
        assertThatThrownBy(theirs::next)
            .as("size=%d", size)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("wire.maxBytes=4096")
            .hasMessageContaining("Region");
      }
      served.reply(new byte[0]);
      assertThat(open.await(LOADER)).isEmpty();
    }
    assertThat(link().isUp()).isTrue();
  }

  @Test
  void anArgumentThatIsLeftEndsWithItsCall() throws Exception {
    Watched mine = endless();
    OpenCall open = call(NUMBERS, mine, LONG);
    ServedCall served = calls.take();
    Iterator<Integer> theirs = elements(NUMBERS, served);
    assertThat(theirs.next()).isZero();
    assertThat(served.link().streams().numConsumed()).isEqualTo(1);
    served.reply(new byte[0]);
    served.session().release();
    assertThat(open.await(LOADER)).isEmpty();
    assertThat(served.link().streams().numConsumed()).isZero();
    assertThat(link().streams().numProduced()).isZero();
    mine.closed.await();
    assertThatThrownBy(theirs::hasNext)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("its call ends");
  }

  @Test
  void aResultThatIsClosedEndsAtItsProducer() throws Exception {
    Watched theirs = endless();
    Iterator<Integer> mine = result(theirs, LONG);
    assertThat(mine.next()).isZero();
    assertThat(mine.next()).isEqualTo(1);
    ((AutoCloseable) mine).close();
    theirs.closed.await();
    assertThat(link().streams().numConsumed()).isZero();
    assertThatThrownBy(mine::next).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aResultThatNobodyRefersToEndsAtItsProducer() throws Exception {
    Watched theirs = endless();
    assertThat(result(theirs, LONG).next()).isZero();
    while (theirs.closed.getCount() > 0) {
      System.gc();
      Thread.onSpinWait();
    }
    assertThat(link().streams().numConsumed()).isZero();
  }

  @Test
  void eachElementOfAResultComesInTime() throws Exception {
    Iterator<Integer> mine = result(silent(), Duration.ofMillis(30));
    assertThatThrownBy(mine::hasNext).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(mine::next).as("again").isInstanceOf(CallTimedOut.class);
  }

  @Test
  void anInterruptEndsAStreamAndIsNotItsEnd() throws Exception {
    Iterator<Integer> mine = result(silent(), LONG);
    Thread.currentThread().interrupt();
    assertThatThrownBy(mine::hasNext).isInstanceOf(CallCancelled.class);
    assertThat(Thread.interrupted()).as("the interrupt").isTrue();
    assertThatThrownBy(mine::hasNext).as("again").isInstanceOf(CallCancelled.class);
  }

  @Test
  void anArgumentWaitsAsLongAsItsCall() throws Exception {
    OpenCall open = call(NUMBERS, silent(), Duration.ofMillis(30));
    ServedCall served = calls.take();
    Iterator<Integer> theirs = elements(NUMBERS, served);
    assertThatThrownBy(theirs::hasNext).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> open.await(LOADER)).isInstanceOf(CallTimedOut.class);
  }

  @Test
  @SuppressWarnings("unchecked") // as the codec says
  void aCallbackWaitsAsLongAsTheCallOfWhichItIs() throws Exception {
    CountDownLatch released = new CountDownLatch(1);
    Consumer<Integer> slow =
        value -> {
          try {
            released.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    OpenCall open = call(CALLBACKS, slow, Duration.ofMillis(50));
    ServedCall served = calls.take();
    Consumer<Integer> theirs =
        (Consumer<Integer>) CALLBACKS.decode(served.arguments(), served.session()).getFirst();
    assertThatThrownBy(() -> theirs.accept(1)).isInstanceOf(CallTimedOut.class);
    assertThatThrownBy(() -> open.await(LOADER)).isInstanceOf(CallTimedOut.class);
    released.countDown();
  }

  @Test
  void whatACallThatIsNeverSentHoldsIsLetGo() {
    Watched mine = endless();
    CallSession session = link().session();
    byte[] arguments = NUMBERS.encode(List.of(mine), session);
    assertThat(arguments).isNotEmpty();
    assertThatThrownBy(
            () -> link().call("test", new Link.Target(5, 6), new byte[1 << 13], LONG, session))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(link().streams().numProduced()).isZero();
  }

  @Test
  void theErrorOfAProducerArrivesAsItself() throws Exception {
    Iterator<Integer> failing =
        IntStream.iterate(0, i -> i + 1)
            .peek(i -> {
              if (i == 2) {
                throw new AssertionError("at two");
              }
            })
            .iterator();
    Iterator<Integer> mine = result(failing, LONG);
    assertThat(mine.next()).isZero();
    assertThat(mine.next()).isEqualTo(1);
    assertThatThrownBy(mine::next).isInstanceOf(AssertionError.class).hasMessage("at two");
  }

  @Test
  @SuppressWarnings("unchecked") // as the codec says
  void anInterruptInACallbackInterruptsWhatIsCalledBack() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    Consumer<Integer> slow =
        value -> {
          begun.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
        };
    OpenCall open = call(CALLBACKS, slow, LONG);
    ServedCall served = calls.take();
    Consumer<Integer> theirs =
        (Consumer<Integer>) CALLBACKS.decode(served.arguments(), served.session()).getFirst();
    BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
    Thread callee =
        Thread.ofVirtual()
            .start(() -> {
              try {
                theirs.accept(1);
              } catch (RuntimeException e) {
                thrown.add(e);
              }
            });
    begun.await();
    callee.interrupt();
    assertThat(thrown.take()).isInstanceOf(CallCancelled.class);
    interrupted.await();
    served.reply(new byte[0]);
    assertThat(open.await(LOADER)).isEmpty();
  }
}
