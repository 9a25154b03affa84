package dev.burnish.controller;

import dev.burnish.actor.Factory;
import dev.burnish.concurrent.Scope;
import dev.burnish.controller.worker.Opened;
import dev.burnish.controller.worker.WeightPlaces;
import dev.burnish.controller.worker.WeightPlaces.OnHost;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.KeptHosts;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.store.WeightStore;
import dev.burnish.store.WeightsException;
import dev.burnish.store.relay.ConcurrentWeights;
import dev.burnish.store.relay.HostWeights;
import dev.burnish.store.relay.RelayedWeights;
import dev.burnish.store.relay.SendingWeights;
import dev.burnish.store.relay.Transfer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The copies of the weights on hosts other than this one: a process on each, which passes versions
/// on to the others. A host that is lost for good does not end the run.
final class HostCopies implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(HostCopies.class.getName());

  /// Of their processes.
  static final String ROLE = "copies";

  /// Of the process that sends to them.
  static final String SENDER = "sender";

  /// For a version to come to all hosts, before generators are told of it.
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Opened open = new Opened();
  private final List<Copies> copies = new ArrayList<>();
  private final Map<String, OwnedService<?>> named = new LinkedHashMap<>();

  /// Those of one host.
  private record Copies(String host, OwnedService<HostWeights> service) {
    OnHost onHost() {
      return new OnHost(host, service);
    }
  }

  /// The hosts of a run.
  ///
  /// @param all on which generators are
  /// @param here the host of the store
  record Places(HostMesh all, HostMesh here) {
    /// The numbers of the hosts that are not this one.
    List<Integer> others() {
      List<String> names = all.names();
      return IntStream.range(0, names.size())
          .filter(i -> !here.names().contains(names.get(i)))
          .boxed()
          .toList();
    }
  }

  /// Starts a process on each host except this one, and one here that sends to them, where there
  /// are others.
  ///
  /// @param store of all versions, on this host
  HostCopies(Places hosts, Service<WeightStore> store, Transfer transfer, ServiceOptions options) {
    if (hosts.others().isEmpty()) {
      return;
    }
    OwnedService<ConcurrentWeights> sender =
        open.add(
            Service.start(
                hosts.here(),
                SENDER,
                ConcurrentWeights.class,
                (Factory.Of2<ConcurrentWeights, Service<WeightStore>, Transfer>)
                    SendingWeights::new,
                List.of(store, transfer),
                options));
    named.put(SENDER, sender);
    for (int host : hosts.others()) {
      HostMesh on = hosts.all().slice("hosts", host, host + 1);
      copies.add(start(on, List.of(sender, transfer), options));
    }
  }

  /// Lets them pass versions on to each other, as soon as each is up.
  void relay() {
    List<Service<HostWeights>> all =
        copies.stream().<Service<HostWeights>>map(Copies::service).toList();
    List<String> _ =
        Scope.map(
            copies,
            each -> {
              int own = copies.indexOf(each);
              each.service().update(ROLE, replica -> replica.relay(own, all));
              return each.host();
            });
  }

  private Copies start(HostMesh on, List<?> arguments, ServiceOptions options) {
    String host = on.names().getFirst();
    KeptHosts kept =
        on.keptBy(
            open,
            failure -> {
              LOG.log(
                  System.Logger.Level.WARNING,
                  "a host is lost: host={0} ({1})",
                  host,
                  failure.reason());
              return true;
            });
    open.add(kept::leave);
    String name = copies.isEmpty() ? ROLE : ROLE + "-" + copies.size();
    OwnedService<HostWeights> service =
        open.add(
            Service.start(
                kept.hosts(),
                name,
                HostWeights.class,
                (Factory.Of2<HostWeights, Service<ConcurrentWeights>, Transfer>)
                    RelayedWeights::new,
                arguments,
                options));
    named.put(name, service);
    return new Copies(host, service);
  }

  /// Where each host reads.
  WeightPlaces places(Service<WeightStore> source) {
    return new WeightPlaces(source, copies.stream().map(Copies::onHost).toList());
  }

  /// Their processes by name.
  Map<String, OwnedService<?>> services() {
    return named;
  }

  /// Waits until a version is on every host, so that generators do not wait for its bytes between
  /// two steps. One that it does not reach in time is left out: its generators wait then.
  void bring(String set, long version) {
    List<String> _ =
        Scope.map(
            copies,
            each -> {
              try {
                OwnedService<HostWeights> service = each.service();
                service.route(service.options().within(LIMIT)).bring(set, version);
              } catch (CallFailure | WeightsException e) {
                LOG.log(
                    System.Logger.Level.WARNING,
                    "a version is not on a host yet: host={0} set={1} version={2} ({3})",
                    each.host(),
                    set,
                    version,
                    e.getMessage());
              }
              return each.host();
            });
  }

  @Override
  public void close() {
    open.close();
  }
}
