package dev.burnish.store.relay;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Stub;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.Network.Reach;
import dev.burnish.link.transport.SocketNetwork;
import dev.burnish.mesh.host.ActorSystems;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ParameterSpec;
import dev.burnish.nn.Weights;
import dev.burnish.store.MemoryWeightStore;
import dev.burnish.store.Published;
import dev.burnish.store.WeightPublisher;
import dev.burnish.store.WeightStore;
import dev.burnish.tensor.Device;
import dev.burnish.trace.TraceSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// A source and other hosts, each with links and ports of its own, in one process: they are told to
/// be of different hosts, so bytes go over TLS between them.
final class HostsInOneProcess implements AutoCloseable {
  /// Parts of odd sizes, one of less than a block, one without parameters.
  static final List<FlatLayout> LAYOUTS =
      List.of(
          layout("embedding", 1_300_001),
          layout("first", 900_000),
          FlatLayout.of(List.of()),
          layout("norm", 7),
          layout("second", 1_200_003));

  static final long BYTES = 4L * LAYOUTS.stream().mapToLong(FlatLayout::size).sum();

  private static final byte[] TOKEN = {1};
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final Path folder;
  private final JobKeys keys = JobKeys.create();
  private final ActorSystem sourceSystem;
  private final ActorRef storeActor;
  private final ActorRef source;
  private final SendingWeights sending;
  private final Transfer transfer;
  private final MemoryWeightStore store = new MemoryWeightStore();
  private final Weights weights = Weights.zeros(LAYOUTS, Device.CPU);
  private final WeightPublisher publisher = new WeightPublisher("policy");
  private final List<Host> hosts = new ArrayList<>();

  /// A host, as others see it and as it is.
  final class Host implements AutoCloseable {
    private final ActorSystem system;
    private final RelayedWeights copies;
    private final ActorRef actor;

    Host(String name) throws IOException {
      system = open(name);
      copies = new RelayedWeights(stub(system, ConcurrentWeights.class, source), transfer);
      actor = system.serve("copies", HostWeights.class, copies);
    }

    RelayedWeights copies() {
      return copies;
    }

    /// Ends as a process does that is killed: its links and ports close first.
    @Override
    public void close() {
      system.close();
      copies.close();
    }
  }

  private static FlatLayout layout(String name, int size) {
    return FlatLayout.of(List.of(new ParameterSpec(name, size)));
  }

  HostsInOneProcess(Path folder, int numHosts) throws IOException {
    this(folder, numHosts, Transfer.WHOLE);
  }

  HostsInOneProcess(Path folder, int numHosts, Transfer transfer) throws IOException {
    this.folder = folder;
    this.transfer = transfer;
    sourceSystem = open("source");
    storeActor = sourceSystem.serve("weights", WeightStore.class, store);
    sending = new SendingWeights(stub(sourceSystem, WeightStore.class, storeActor), transfer);
    source = sourceSystem.serve("sender", ConcurrentWeights.class, sending);
    for (int i = 0; i < numHosts; i++) {
      hosts.add(new Host("host" + i));
    }
    relay();
  }

  private void relay() {
    for (int own = 0; own < hosts.size(); own++) {
      ActorSystem here = hosts.get(own).system;
      hosts
          .get(own)
          .copies
          .relayAmong(
              own, hosts.stream().map(each -> stub(here, HostWeights.class, each.actor)).toList());
    }
  }

  private static <T> T stub(ActorSystem in, Class<T> type, ActorRef actor) {
    return in.stub(type, Stub.Target.of("weights", actor), LIMIT);
  }

  private ActorSystem open(String host) throws IOException {
    Reach reach = new Reach(InetAddress.getLoopbackAddress(), keys);
    LinkSettings link =
        LinkSettings.defaults()
            .withBulk(BulkSettings.defaults().withPatience(Duration.ofSeconds(3)));
    return ActorSystems.open(
        SocketNetwork.open(
            host + "-" + hosts.size(), host, folder, link.limits().maxBytes(), Optional.of(reach)),
        TOKEN,
        ActorSystemSettings.defaults().withLink(link),
        HostsInOneProcess.class.getClassLoader(),
        Optional.empty(),
        TraceSettings.defaults());
  }

  /// Publishes a version, of which each part has a value of its own.
  ///
  /// @param values by part
  void publish(long version, float... values) {
    for (int part = 0; part < weights.numParts(); part++) {
      if (LAYOUTS.get(part).size() > 0) {
        weights.part(part).fill_(values[part]);
      }
    }
    weights.publish(version);
    try (Published published = publisher.publish(weights)) {
      published().publish(published);
    }
  }

  private WeightStore published() {
    return stub(sourceSystem, WeightStore.class, storeActor);
  }

  void retain(long oldest) {
    published().retain("policy", oldest);
  }

  List<Host> hosts() {
    return List.copyOf(hosts);
  }

  Host host(int i) {
    return hosts.get(i);
  }

  /// Puts a new process in the place of one.
  void startAgain(int i) throws IOException {
    hosts.set(i, new Host("host" + i));
    relay();
  }

  /// By sender, the bytes that it has sent to all hosts: the source, then the hosts.
  List<Long> sent() {
    return IntStream.rangeClosed(0, hosts.size())
        .mapToObj(
            sender -> hosts.stream().mapToLong(host -> host.copies.received().get(sender)).sum())
        .toList();
  }

  @Override
  public void close() {
    hosts.forEach(Host::close);
    sourceSystem.close();
    sending.close();
    store.close();
    publisher.close();
    weights.close();
  }
}
