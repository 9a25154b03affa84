package dev.burnish.link;

import dev.burnish.link.Greeting.Side;
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
import java.util.concurrent.locks.ReentrantLock;

/// The links of this process: one to each other process, made when it is first needed, by either
/// side. Thread-safe.
public final class Switchboard implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Switchboard.class.getName());

  private final Network network;
  private final byte[] token;
  private final Link.Handler handler;
  private final Clock clock;
  private final LinkSettings settings;
  private final Link.Ways ways;
  private final Map<String, Link> links = new ConcurrentHashMap<>();
  private final Map<String, ReentrantLock> connecting = new ConcurrentHashMap<>();
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
    this.ways = new Link.Ways(network.self(), new Regions(), this::bulk);
    network.listen(this::accept);
  }

  /// Where this process is reached.
  public ProcessAddress self() {
    return network.self();
  }

  /// The link to a process; it is made if there is none.
  ///
  /// @throws ReplicaLost if the process cannot be reached
  public Link link(ProcessAddress to) {
    Link existing = links.get(to.process());
    if (existing != null && existing.isUp()) {
      return existing;
    }
    while (true) {
      ReentrantLock lock = connecting.computeIfAbsent(to.process(), name -> new ReentrantLock());
      lock.lock();
      try {
        if (lock.equals(connecting.get(to.process()))) {
          Link other = links.get(to.process());
          return other != null && other.isUp() ? other : connect(to);
        }
      } finally {
        if (!lock.hasQueuedThreads()) {
          connecting.remove(to.process(), lock);
        }
        lock.unlock();
      }
    }
  }

  /// The link to a process if there is one.
  public Optional<Link> existing(String process) {
    return Optional.ofNullable(links.get(process)).filter(Link::isUp);
  }

  /// The links that are up.
  public List<Link> links() {
    return links.values().stream().filter(Link::isUp).toList();
  }

  /// Ends every link and takes no more.
  @Override
  public void close() {
    closed = true;
    network.close();
    all.forEach(link -> link.close("process " + self().process() + " ends"));
  }

  private Link connect(ProcessAddress to) {
    if (closed) {
      throw new ReplicaLost("this process ends: process=" + self().process());
    }
    Transport transport;
    try {
      transport = to.process().equals(self().process()) ? loop() : network.connect(to);
    } catch (IOException e) {
      throw new ReplicaLost("cannot reach %s: %s".formatted(to, e.getMessage()), e);
    }
    Link link = new Link(transport, handler, ways, clock, settings, calling());
    // Others find it only when it has said hello: a call before that would end it.
    link.start();
    remember(to.process(), link);
    return link;
  }

  private Greeting calling() {
    return new Greeting(Side.CALLING, token, self(), peer -> {});
  }

  /// A connection beside the one that calls go over.
  private Link bulk(ProcessAddress to) {
    try {
      Link link = new Link(network.connect(to), handler, ways, clock, settings, calling());
      all.add(link);
      link.onDown(cause -> all.remove(link));
      link.start();
      return link;
    } catch (IOException e) {
      throw new ReplicaLost("cannot reach %s: %s".formatted(to, e.getMessage()), e);
    }
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
    Greeting greeting = new Greeting(Side.CALLED, token, self(), accepted::met);
    Link link = new Link(transport, handler, ways, clock, settings, greeting);
    accepted.link = Optional.of(link);
    all.add(link);
    link.onDown(cause -> all.remove(link));
    link.start();
  }

  /// Connects a greeting with the link that it is of.
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
}
