package dev.burnish.store.relay;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.Region;
import dev.burnish.link.bulk.Arrivals;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.store.Manifest;
import dev.burnish.store.Published;
import dev.burnish.store.WeightMemory;
import dev.burnish.store.WeightsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The versions of one set on this host. Each is brought once; a part with the digests of a version
/// that is here does not come again. Those that the source drops are dropped, and their memory is
/// written again once nobody reads it. Thread-safe; nothing is waited for with its lock.
///
/// Fault points: `host.coming` before a version is brought, `host.whole` when it is there.
final class CopiedSet implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CopiedSet.class.getName());
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final String set;
  private final Senders senders;
  private final WeightMemory memory = new WeightMemory(Region::allocateInPlace);
  private final Transfer transfer;
  private final NavigableMap<Long, Copy> copies = new TreeMap<>();

  /// Changes of versions, by version, in memory of their own: they have other sizes each time.
  private final NavigableMap<Long, Copy> changes = new TreeMap<>();

  private final WeightMemory memoryOfChanges = new WeightMemory(Region::allocateInPlace);

  private final List<Thread> threads = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private boolean isFollowed;

  CopiedSet(String set, Senders senders, Transfer transfer) {
    this.set = set;
    this.senders = senders;
    this.transfer = transfer;
  }

  /// Waits until a version is whole.
  ///
  /// @throws WeightsException if it is not published, or cannot be brought
  void bring(long version) {
    copy(version).await();
  }

  /// A version that is whole, to be closed by the caller.
  ///
  /// @throws WeightsException if it is not published, or cannot be brought
  Published get(long version) {
    Copy copy = copy(version);
    copy.await();
    return share(copy);
  }

  /// A version, whole or not, to be closed by the caller.
  ///
  /// @throws WeightsException if it is not published
  Published coming(long version) {
    return share(copy(version));
  }

  private synchronized Published share(Copy copy) {
    if (!copies.containsValue(copy) && !changes.containsValue(copy)) {
      throw new WeightsException(
          "a version must be there until it is read: set=%s version=%d versions=%s; it was dropped"
              .formatted(set, copy.manifest().version(), copies.keySet()));
    }
    return copy.share();
  }

  private Copy copy(long version) {
    Optional<Copy> known = find(version);
    if (known.isPresent()) {
      return known.get();
    }
    Copy begun = begin(senders.source().manifest(set, version));
    follow();
    return begun;
  }

  private synchronized Optional<Copy> find(long version) {
    return Optional.ofNullable(copies.get(version));
  }

  private synchronized Copy begin(Manifest manifest) {
    requireOpen();
    Copy known = copies.get(manifest.version());
    if (known != null) {
      return known;
    }
    Optional<Published> before = before();
    try {
      Copy copy = allocate(manifest, memory);
      copies.put(manifest.version(), copy);
      start("%s %d".formatted(set, manifest.version()), () -> fetch(copy, before));
      return copy;
    } catch (RuntimeException | Error e) {
      before.ifPresent(Published::close);
      throw e;
    }
  }

  /// The newest version that is here, if changes to it are of use.
  private Optional<Published> before() {
    return switch (transfer) {
      case WHOLE -> Optional.empty();
      case CHANGES ->
          copies.descendingMap().values().stream()
              .filter(Copy::isWhole)
              .findFirst()
              .map(Copy::share);
    };
  }

  /// The changes of a version, whole or not, to be closed by the caller.
  ///
  /// @throws WeightsException if the source has not got them
  Published changes(Changes.Since since, long version) {
    return share(changesOf(since, version));
  }

  private Copy changesOf(Changes.Since since, long version) {
    synchronized (this) {
      Copy known = changes.get(version);
      if (known != null && known.manifest().set().equals(since.name())) {
        return known;
      }
    }
    return beginChanges(senders.source().manifest(since.name(), version));
  }

  private synchronized Copy beginChanges(Manifest manifest) {
    requireOpen();
    Copy known = changes.get(manifest.version());
    if (known != null) {
      return known;
    }
    List<Long> before = changes.headMap(manifest.version()).keySet().stream().toList();
    before.stream().filter(this::hasEnded).forEach(this::forgetChanges);
    Copy copy = allocate(manifest, memoryOfChanges);
    changes.put(manifest.version(), copy);
    start("%s %d".formatted(manifest.set(), manifest.version()), () -> fetchChanges(copy));
    return copy;
  }

  private boolean hasEnded(long version) {
    return Optional.ofNullable(changes.get(version)).filter(Copy::hasEnded).isPresent();
  }

  private synchronized void forgetChanges(long version) {
    Optional.ofNullable(changes.remove(version))
        .ifPresent(copy -> copy.parts().forEach(part -> giveBack(part, memoryOfChanges)));
  }

  private void fetchChanges(Copy copy) {
    end(copy, () -> fetchStripes(copy), () -> forgetChanges(copy.manifest().version()));
  }

  /// Whatever happens, those who wait for a copy are told.
  private static void end(Copy copy, Runnable fetch, Runnable forget) {
    try {
      fetch.run();
      copy.whole();
    } catch (RuntimeException e) {
      forget.run();
      copy.failed(e);
    } catch (Error e) {
      forget.run();
      copy.failed(new WeightsException("a version could not be brought: " + e));
      throw e;
    }
  }

  private void requireOpen() {
    if (closed.getCount() == 0) {
      throw new WeightsException("a host that ends must not be asked for weights: set=" + set);
    }
  }

  private void start(String name, Runnable work) {
    threads.removeIf(thread -> !thread.isAlive());
    threads.add(Thread.ofVirtual().name("store/" + name).start(work));
  }

  /// Parts that are here already are shared.
  private Copy allocate(Manifest manifest, WeightMemory from) {
    Map<Integer, Arrivals> coming = new HashMap<>();
    List<Region> parts = new ArrayList<>();
    from.begin();
    try {
      for (int i = 0; i < manifest.parts().size(); i++) {
        Optional<Region> here = here(manifest.parts().get(i));
        if (here.isEmpty()) {
          Region region = from.take(manifest.parts().get(i).memory());
          coming.put(i, new Arrivals(region.size()));
          parts.add(region);
        } else {
          parts.add(here.get().share());
        }
      }
    } catch (RuntimeException | Error e) {
      parts.forEach(part -> giveBack(part, from));
      throw e;
    } finally {
      from.end();
    }
    return new Copy(new Published(manifest, parts), coming);
  }

  private Optional<Region> here(Manifest.Part wanted) {
    return copies.values().stream()
        .filter(Copy::isWhole)
        .flatMap(copy ->
            IntStream.range(0, copy.parts().size())
                .filter(i -> copy.manifest().parts().get(i).hasContentOf(wanted))
                .mapToObj(copy.parts()::get))
        .findFirst();
  }

  /// One use of a region ends; the last one of ours lets it be written again.
  private void giveBack(Region region, WeightMemory to) {
    if (Stream.concat(copies.values().stream(), changes.values().stream())
        .anyMatch(copy -> copy.parts().contains(region))) {
      region.close();
    } else {
      to.giveBack(region);
    }
  }

  private void fetch(Copy copy, Optional<Published> before) {
    end(
        copy,
        () -> {
          FaultPoint.reach("host.coming");
          before.ifPresent(earlier -> applyChanges(earlier, copy));
          fetchStripes(copy);
          FaultPoint.reach("host.whole");
        },
        () -> forget(copy));
  }

  /// Makes parts of those of the version before; the others come whole.
  private void applyChanges(Published before, Copy copy) {
    Changes.Since since = new Changes.Since(set, before.version());
    try (before) {
      Copy coming = changesOf(since, copy.manifest().version());
      coming.await();
      try (Published changed = share(coming)) {
        copy.make(before, changed);
      }
    } catch (CallFailure | WeightsException e) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "a version comes whole: set={0} version={1} ({2})",
          set,
          copy.manifest().version(),
          e.getMessage());
    }
  }

  /// Fetches the blocks that are not there.
  private void fetchStripes(Copy copy) {
    Scope.map(
        senders.ways(),
        way -> {
          new StripeFetch(senders, way, copy).run();
          return way;
        });
    copy.damaged().forEach(part -> fetchAgain(copy, part));
  }

  private void fetchAgain(Copy copy, int part) {
    LOG.log(
        System.Logger.Level.WARNING,
        "a part has come damaged, and comes again from the source: set={0} version={1} part={2}",
        copy.manifest().set(),
        copy.manifest().version(),
        part);
    StripeFetch.read(senders, Senders.SOURCE, copy, copy.blocksOf(part));
    copy.requireSound(part);
  }

  private synchronized void forget(Copy copy) {
    copies.remove(copy.manifest().version());
    copy.parts().forEach(part -> giveBack(part, memory));
  }

  /// From the first version on, the later ones are brought when they are published.
  private synchronized void follow() {
    if (!isFollowed && closed.getCount() > 0) {
      isFollowed = true;
      start(set, this::followSource);
    }
  }

  private void followSource() {
    try {
      for (long next = 0; closed.getCount() > 0; ) {
        next = followOnce(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      if (closed.getCount() > 0) {
        LOG.log(System.Logger.Level.WARNING, "versions come when asked for only: set=" + set, e);
      }
    }
  }

  /// Brings the latest version from `next` on, once there is one.
  ///
  /// @return the version after the latest
  private long followOnce(long next) throws InterruptedException {
    try {
      long latest = senders.source().await(set, next);
      if (transfer == Transfer.WHOLE) {
        retain(senders.source().versions(set)); // its memory is for the next one
      }
      Copy ignored = copy(latest);
      retain(senders.source().versions(set));
      return latest + 1;
    } catch (CallTimedOut e) {
      return next; // nothing was published
    } catch (CallFailure | WeightsException e) {
      LOG.log(System.Logger.Level.DEBUG, "the source cannot be followed: {0}", e.toString());
      boolean _ = Waits.await(closed, PAUSE);
      return next;
    }
  }

  /// Drops those that the source does not have. One that is still coming is dropped later.
  private synchronized void retain(List<Long> versions) {
    List<Copy> dropped =
        copies.values().stream()
            .filter(copy -> copy.hasEnded() && !versions.contains(copy.manifest().version()))
            .toList();
    dropped.forEach(this::forget);
  }

  /// Ends what is under way, and frees the memory that nobody else has.
  @Override
  public void close() {
    List<Thread> running;
    synchronized (this) {
      closed.countDown();
      running = List.copyOf(threads);
    }
    running.forEach(Thread::interrupt);
    join(running);
    synchronized (this) {
      List.copyOf(changes.keySet()).forEach(this::forgetChanges);
      List.copyOf(copies.values()).forEach(this::forget);
      memory.close();
      memoryOfChanges.close();
    }
  }

  private static void join(List<Thread> threads) {
    try {
      for (Thread each : threads) {
        Waits.join(each);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
