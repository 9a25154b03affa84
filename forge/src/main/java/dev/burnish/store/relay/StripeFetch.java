package dev.burnish.store.relay;

import dev.burnish.link.Region;
import dev.burnish.link.RegionReader;
import dev.burnish.link.RegionReader.Wanted;
import dev.burnish.link.bulk.Arrivals;
import dev.burnish.link.bulk.Request;
import dev.burnish.link.bulk.Runs;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.store.Published;
import dev.burnish.store.WeightsException;
import dev.burnish.store.relay.Copy.Block;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Brings one stripe of a version: from its sender, and where that fails, what is missing from
/// another one. One thread.
final class StripeFetch {
  private static final System.Logger LOG = System.getLogger(StripeFetch.class.getName());

  /// Failures of the source after which a version is given up: it may have been started again.
  private static final int SOURCE_FAILURES = 5;

  private final Senders senders;
  private final Senders.Way way;
  private final Copy copy;

  StripeFetch(Senders senders, Senders.Way way, Copy copy) {
    this.senders = senders;
    this.way = way;
    this.copy = copy;
  }

  /// @throws CallFailure if the source has failed several times, or on an interrupt
  /// @throws WeightsException if the source has not got the version
  void run() {
    int sourceFailures = 0;
    while (true) {
      List<Block> missing = copy.missing(way.stripe(), way.numStripes());
      if (missing.isEmpty()) {
        return;
      }
      int sender = way.sender();
      Optional<RuntimeException> failure = read(sender, missing);
      if (failure.isPresent() && sender != Senders.SOURCE) {
        turnFrom(sender, failure.get());
      } else if (failure.isPresent() && ++sourceFailures == SOURCE_FAILURES) {
        throw failure.get();
      }
    }
  }

  private void turnFrom(int sender, RuntimeException failure) {
    if (failure instanceof CallFailure) {
      senders.absent(sender); // else it has not got this version
    }
    way.lose(sender);
    LOG.log(
        System.Logger.Level.INFO,
        "another sender takes over: set={0} version={1} stripe={2} sender={3} lost={4} ({5})",
        copy.manifest().set(),
        copy.manifest().version(),
        way.stripe(),
        way.sender(),
        sender,
        failure.getMessage());
  }

  private Optional<RuntimeException> read(int sender, List<Block> blocks) {
    try {
      read(senders, sender, copy, blocks);
      return Optional.empty();
    } catch (CallCancelled e) {
      throw e;
    } catch (CallFailure | WeightsException e) {
      return Optional.of(e);
    }
  }

  /// Reads blocks from one sender. Those that have come are noted, also where others fail.
  ///
  /// @throws CallFailure if they cannot all be read
  /// @throws WeightsException if the sender has not the version, or another one of that number
  static void read(Senders senders, int sender, Copy copy, List<Block> blocks) {
    try (Published from = senders.open(sender, copy.manifest().set(), copy.manifest().version());
        RegionReader reader = new RegionReader()) {
      from.requireSame(copy.manifest());
      Map<Region, CallFailure> failures =
          reader.read(
              blocks.stream().map(block -> wanted(senders, sender, copy, block, from)).toList());
      if (!failures.isEmpty()) {
        throw failures.values().iterator().next();
      }
    }
  }

  private static Wanted wanted(
      Senders senders, int sender, Copy copy, Block block, Published from) {
    Region region = from.parts().get(block.part());
    if (region.isHere()) {
      throw new ReplicaLost("a sender must be on another host: sender=" + sender);
    }
    Runs runs = Runs.one((long) block.number() * Arrivals.BLOCK, copy.bytes(block));
    Runnable arrived =
        () -> {
          senders.received(sender, runs.bytes());
          copy.arrived(block);
        };
    return new Wanted(
        region,
        new Request.Read(runs, copy.parts().get(block.part()).segment(), runs, arrived),
        "set=%s version=%d part=%d"
            .formatted(copy.manifest().set(), copy.manifest().version(), block.part()));
  }
}
