package dev.burnish.link;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.Handshake.Side;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.MemoryTransport;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.Transport;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// The links of this process: one to each other process, made when it is first needed, by either
/// side. Thread-safe.
public final class Switchboard implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Switchboard.class.getName());

  private final Network network;
  private final byte[] token;
  private final Link.Handler handler;
  private final Clock clock;
  private final LinkSettings settings;
  private final LinkContext context;
  private final DataPlane plane;
  private final Map<String, Link> links = new ConcurrentHashMap<>();
  private final Map<String, Connecting> connecting = new ConcurrentHashMap<>();
  private final Set<Link> all = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /// @param token that every process of the job shows to the others
  /// @param handler of the calls of others
  public Switchboard(
      Network network, byte[] token, Link.Handler handler, Clock clock, LinkSettings settings) {
    this.network = network;
    this.token = token.clone();
    this.handler = handler;
    this.clock = clock;
    this.settings = settings;
    Regions regions = new Regions();
    this.plane = new DataPlane(network, regions, settings.bulk());
    this.context = new LinkContext(network.self(), regions, plane, this::link, this::bulk);
    network.listen(this::accept);
  }

  /// The address of this process.
  public ProcessAddress self() {
    return network.self();
  }

  /// The link to a process; it is made if there is none. Waits as long as that takes.
  ///
  /// @throws ReplicaLost if the process cannot be reached
  /// @throws dev.burnish.link.failure.CallCancelled if this thread is interrupted
  public Link link(ProcessAddress to) {
    Link existing = links.get(to.process());
    return existing != null && existing.isUp() ? existing : connecting(to).await();
  }

  /// The same, until a deadline. Other callers still wait for a connection that is being made.
  ///
  /// @throws dev.burnish.link.failure.CallTimedOut if it is not made by then
  public Link link(ProcessAddress to, Deadline deadline) {
    Link existing = links.get(to.process());
    return existing != null && existing.isUp() ? existing : connecting(to).await(deadline);
  }

  /// The link to a process if there is one.
  public Optional<Link> existing(String process) {
    return Optional.ofNullable(links.get(process)).filter(Link::isUp);
  }

  /// The links that are up.
  public List<Link> links() {
    return links.values().stream().filter(Link::isUp).toList();
  }

  /// Ends every link and accepts no more.
  @Override
  public void close() {
    closed = true;
    network.close();
    plane.close();
    all.forEach(link -> link.close("process " + self().process() + " ends"));
  }

  /// The making of a link, which is begun if it is not.
  private Connecting connecting(ProcessAddress to) {
    Connecting begun = new Connecting(to);
    Connecting other = connecting.putIfAbsent(to.process(), begun);
    if (other != null) {
      return other;
    }
    Runnable end = () -> connecting.remove(to.process(), begun);
    network.begin(
        "link/connect/" + to.process(),
        () -> begun.make(() -> existing(to.process()).orElseGet(() -> connect(to)), end));
    return begun;
  }

  private Link connect(ProcessAddress to) {
    Transport transport = to.process().equals(self().process()) ? loop() : transport(to);
    Link link = new Link(transport, handler, context, clock, settings, calling());
    // Others find it only when it has sent its hello: a call before that would end it.
    link.start();
    remember(to.process(), link);
    closeIfClosed(link);
    return link;
  }

  private Transport transport(ProcessAddress to) {
    if (closed) {
      throw new ReplicaLost("this process ends: process=" + self().process());
    }
    try {
      return network.connect(to);
    } catch (IOException e) {
      throw new ReplicaLost("cannot reach %s: %s".formatted(to, e.getMessage()), e);
    }
  }

  private void closeIfClosed(Link link) {
    if (closed) {
      link.close("process " + self().process() + " ends");
    }
  }

  private Handshake calling() {
    return new Handshake(Side.CALLING, token, self(), peer -> {});
  }

  /// A connection in addition to the one that calls go over.
  private Link bulk(ProcessAddress to) {
    Connecting begun = new Connecting(to);
    network.begin(
        "link/connect/" + to.process(), () -> begun.make(() -> connectBulk(to), () -> {}));
    return begun.awaitAlone(Deadline.in(clock, settings.handshakeTimeout()));
  }

  private Link connectBulk(ProcessAddress to) {
    Link link = new Link(transport(to), handler, context, clock, settings, calling());
    all.add(link);
    link.onDown(cause -> all.remove(link));
    link.start();
    closeIfClosed(link);
    return link;
  }

  /// A connection of this process with itself: its calls are copied as all others are.
  private Transport loop() {
    MemoryTransport.Pair pair = MemoryTransport.Pair.of(self().process());
    accept(pair.far());
    return pair.near();
  }

  private void accept(Transport transport) {
    if (closed) {
      transport.close();
      return;
    }
    AcceptedLink accepted = new AcceptedLink();
    Handshake handshake = new Handshake(Side.CALLED, token, self(), accepted::met);
    Link link = new Link(transport, handler, context, clock, settings, handshake);
    accepted.link = Optional.of(link);
    all.add(link);
    link.onDown(cause -> all.remove(link));
    link.start();
  }

  /// Connects a handshake with its link.
  private final class AcceptedLink {
    private Optional<Link> link = Optional.empty();

    void met(ProcessAddress peer) {
      if (!peer.process().equals(self().process())) {
        link.ifPresent(accepted -> rememberIfAbsent(peer.process(), accepted));
      }
    }
  }

  private void rememberIfAbsent(String process, Link link) {
    Link kept = links.merge(process, link, (old, added) -> old.isUp() ? old : added);
    if (kept == link) {
      link.onDown(cause -> links.remove(process, link));
    }
    LOG.log(System.Logger.Level.DEBUG, "{0} connected", process);
  }

  private void remember(String process, Link link) {
    links.put(process, link);
    all.add(link);
    link.onDown(cause -> {
      links.remove(process, link);
      all.remove(link);
    });
  }

  /// A link that is being made, for which each caller waits until its deadline.
  private static final class Connecting {
    private final ProcessAddress to;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private Optional<Link> link = Optional.empty();
    private Optional<ReplicaLost> failure = Optional.empty();
    private boolean isLeft;

    Connecting(ProcessAddress to) {
      this.to = to;
    }

    /// Makes it.
    ///
    /// @param end run before any caller knows of the end
    void make(Supplier<Link> maker, Runnable end) {
      Optional<Link> made = Optional.empty();
      Optional<ReplicaLost> failed = Optional.empty();
      try {
        made = Optional.of(maker.get());
      } catch (ReplicaLost e) {
        failed = Optional.of(e);
      } catch (Throwable e) {
        failed = Optional.of(new ReplicaLost("cannot reach %s: %s".formatted(to, e), e));
      }
      end.run();
      settle(made, failed);
    }

    private void settle(Optional<Link> made, Optional<ReplicaLost> failed) {
      lock.lock();
      try {
        link = made;
        failure = failed;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      leaveIfLeft();
    }

    private boolean isSettled() {
      return link.isPresent() || failure.isPresent();
    }

    Link await() {
      lock.lock();
      try {
        while (!isSettled()) {
          Waits.await(changed);
        }
        return settled();
      } catch (InterruptedException e) {
        throw CallCancelled.by(e, what());
      } finally {
        lock.unlock();
      }
    }

    Link await(Deadline deadline) {
      lock.lock();
      try {
        if (deadline.await(lock, changed, this::isSettled)) {
          return settled();
        }
        throw deadline.failure(what());
      } catch (InterruptedException e) {
        throw CallCancelled.by(e, what());
      } finally {
        lock.unlock();
      }
    }

    /// The same for the only caller that waits: nobody has the link if that caller leaves.
    Link awaitAlone(Deadline deadline) {
      boolean came = false;
      try {
        Link made = await(deadline);
        came = true;
        return made;
      } finally {
        if (!came) {
          lock.lock();
          try {
            isLeft = true;
          } finally {
            lock.unlock();
          }
          leaveIfLeft();
        }
      }
    }

    private void leaveIfLeft() {
      Optional<Link> left;
      lock.lock();
      try {
        left = link.filter(made -> isLeft);
      } finally {
        lock.unlock();
      }
      left.ifPresent(made -> made.close("nobody waits for it"));
    }

    private Link settled() {
      return link.orElseThrow(() -> {
        ReplicaLost lost = failure.orElseThrow();
        return new ReplicaLost(
            String.valueOf(lost.getMessage()), lost.getCause() == null ? lost : lost.getCause());
      });
    }

    private String what() {
      return "connection to " + to;
    }
  }
}
