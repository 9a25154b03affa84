package dev.burnish.store.relay;

import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.service.Service;
import dev.burnish.store.Manifest;
import dev.burnish.store.Published;
import dev.burnish.store.VersionedWeights;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Keeps the versions that processes of its host read, see [HostWeights]. What of a version is
/// there it passes on to other hosts while the rest comes.
///
/// If its process is lost, those who have a version keep it, and the next process brings the
/// versions again that are asked for. Thread-safe.
public final class RelayedWeights implements HostWeights, AutoCloseable {
  /// A call to the source or another host; versions that are not there yet are asked for again.
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /// A call to a host that may be lost: there are others.
  private static final Duration HOST_LIMIT = Duration.ofSeconds(5);

  private final Senders senders;
  private final Transfer transfer;
  private final Map<String, CopiedSet> sets = new ConcurrentHashMap<>();

  /// @param source of all versions, on another host
  public RelayedWeights(Service<ConcurrentWeights> source, Transfer transfer) {
    this(source.route(source.options().within(LIMIT)), transfer);
  }

  RelayedWeights(VersionedWeights source, Transfer transfer) {
    this.senders = new Senders(source);
    this.transfer = transfer;
  }

  @Override
  public void relay(int own, List<Service<HostWeights>> hosts) {
    relayAmong(
        own, hosts.stream().map(host -> host.route(host.options().within(HOST_LIMIT))).toList());
  }

  void relayAmong(int own, List<HostWeights> hosts) {
    senders.relay(own, hosts);
  }

  private CopiedSet set(String name) {
    return sets.computeIfAbsent(name, each -> new CopiedSet(each, senders, transfer));
  }

  @Override
  public Published get(String set, long version) {
    return set(set).get(version);
  }

  @Override
  public void bring(String set, long version) {
    set(set).bring(version);
  }

  @Override
  public Published coming(String set, long version) {
    return Changes.Since.parse(set)
        .map(since -> set(since.set()).changes(since, version))
        .orElseGet(() -> set(set).coming(version));
  }

  @Override
  public Manifest manifest(String set, long version) {
    return senders.source().manifest(set, version);
  }

  @Override
  public long await(String set, long version) {
    while (true) {
      try {
        return senders.source().await(set, version);
      } catch (CallTimedOut e) {
        // The caller waits as long as it wants to.
      }
    }
  }

  @Override
  public List<Long> versions(String set) {
    return senders.source().versions(set);
  }

  @Override
  public List<Long> received() {
    return senders.received();
  }

  @Override
  public void close() {
    sets.values().forEach(CopiedSet::close);
  }
}
