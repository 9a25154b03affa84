package dev.burnish.link;

import dev.burnish.link.transport.MemoryNetwork;
import dev.burnish.link.transport.Network;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Results with handles that nobody takes.
@Timeout(60)
class LateResultsTest {
  private final BlockingQueue<ServedCall> calls = new LinkedBlockingQueue<>();
  private final MemoryNetwork near = MemoryNetwork.create("near", "host");
  private final MemoryNetwork far = near.join("far", "host");
  private final List<Switchboard> boards = new ArrayList<>();
  private final CountDownLatch released = new CountDownLatch(1);

  private final class Recording implements Link.Handler {
    @Override
    public void call(ServedCall call) {
      calls.add(call);
    }

    @Override
    public void cast(Link from, long actor, int method, byte[] arguments) {}
  }

  private Switchboard board(Network network) {
    Switchboard board =
        new Switchboard(
            network, new byte[] {1}, new Recording(), Clock.system(), LinkSettings.defaults());
    boards.add(board);
    return board;
  }

  @AfterEach
  void close() {
    boards.forEach(Switchboard::close);
  }

  private OpenCall call() {
    board(far);
    Link link = board(near).link(far.self());
    return link.call(
        "test", new Link.Target(5, 6), new byte[1], Duration.ofMinutes(1), link.session());
  }

  private CallSession holding(ServedCall served) {
    CallSession holds = served.link().resultSession();
    served.link().streams().lease(holds, released::countDown);
    return holds;
  }

  @Test
  void aResultOfACallThatWasCancelledIsGivenBack() throws Exception {
    OpenCall call = call();
    ServedCall served = calls.take();
    CountDownLatch cancelled = new CountDownLatch(1);
    served.onCancel(cancelled::countDown);
    call.cancel();
    cancelled.await();
    served.reply(new byte[1], holding(served));
    released.await();
  }

  /// The callee learns of the cancellation only after it has answered.
  @Test
  void aResultThatArrivesTooLateIsGivenBack() throws Exception {
    OpenCall call = call();
    ServedCall served = calls.take();
    boards.getLast().link(far.self()).forget(call.id());
    served.reply(new byte[1], holding(served));
    released.await();
  }

  @Test
  void aResultThatWasSentIsGivenBackWhenTheConnectionEnds() throws Exception {
    call();
    ServedCall served = calls.take();
    served.reply(new byte[1], holding(served));
    boards.getLast().close();
    released.await();
  }

  @Test
  void aResultOfACallWhoseConnectionHasEndedIsGivenBack() throws Exception {
    call();
    ServedCall served = calls.take();
    CountDownLatch lost = new CountDownLatch(1);
    served.link().onDown(_ -> lost.countDown());
    boards.getLast().close();
    lost.await();
    served.reply(new byte[1], holding(served));
    released.await();
  }
}
