package dev.burnish.store.relay;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Idempotent;
import dev.burnish.service.Service;
import dev.burnish.store.Published;
import java.util.List;

/// The versions of weights on a host other than that of their publisher, as an actor: each comes
/// there once, whoever on that host reads it, and lies in memory that the processes of the host
/// share.
///
/// The first one that is asked for makes a set known; later versions of it are brought as soon as
/// they are published. One that is asked for and not there is brought, and waited for.
public interface HostWeights extends ConcurrentWeights {
  /// Waits until a version is whole on this host.
  ///
  /// @throws dev.burnish.store.WeightsException if it is not published, or cannot be brought
  @Concurrent
  @Idempotent
  void bring(String set, long version);

  /// A version while it comes to this host, for other hosts, which read what is there and wait for
  /// the rest: its memory is still written. To be closed by the caller.
  ///
  /// @throws dev.burnish.store.WeightsException if it is not published
  @Concurrent
  @Idempotent
  Published coming(String set, long version);

  /// Tells which hosts pass versions on to each other.
  ///
  /// @param own place of this host in `hosts`
  /// @param hosts in the same order for all
  @Idempotent
  void relay(int own, List<Service<HostWeights>> hosts);

  /// Bytes that have come to this host: from the source, then from each host in their order.
  @Concurrent
  @Idempotent
  List<Long> received();
}
