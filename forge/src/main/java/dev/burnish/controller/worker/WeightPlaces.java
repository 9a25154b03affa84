package dev.burnish.controller.worker;

import dev.burnish.service.Service;
import dev.burnish.store.VersionedWeights;
import dev.burnish.store.WeightStore;
import dev.burnish.store.relay.HostWeights;
import java.util.List;

/// Where the processes of each host read the versions of the weights.
///
/// @param source on the host of the trainers
/// @param elsewhere the copies on other hosts
public record WeightPlaces(Service<WeightStore> source, List<OnHost> elsewhere) {
  /// The copies of a host.
  ///
  /// @param host its name
  public record OnHost(String host, Service<HostWeights> weights) {}

  public WeightPlaces {
    elsewhere = List.copyOf(elsewhere);
  }

  /// Those of a host: its copies, or the versions themselves.
  VersionedWeights of(String host) {
    return elsewhere.stream()
        .filter(each -> each.host().equals(host))
        .findFirst()
        .<VersionedWeights>map(each -> each.weights().route())
        .orElseGet(source::route);
  }
}
