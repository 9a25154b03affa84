package dev.burnish.mesh.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Stub;
import dev.burnish.concurrent.Waits;
import dev.burnish.launch.Backlog;
import dev.burnish.launch.JvmStarter;
import dev.burnish.launch.LogApart;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.Network;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.SocketNetwork;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;

/// A host of a job, `burnish worker`: starts processes for the controller, and ends with all of
/// them when the controller is gone.
public final class HostWorker {
  private static final int MOST = 1 << 20;
  private static final int MAX_NAME = 200;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int TRIES = 20;
  private static final Duration PAUSE = Duration.ofMillis(250);

  private HostWorker() {}

  /// Joins a job, serves it, and returns when it has ended.
  ///
  /// @param host the name that this host chooses for itself
  /// @return why the job ended, as this host saw it
  /// @throws IOException if the controller cannot be reached or refuses
  public static String serve(JoinTicket ticket, String host) throws IOException {
    LogApart.begin();
    Joined joined = join(ticket, host);
    Bootstrap told = joined.bootstrap();
    InetAddress bind = joined.address();
    try (JobFolder folder = JobFolder.create("worker")) {
      SocketNetwork network =
          SocketNetwork.open(
              told.process(),
              told.host(),
              folder.path(),
              told.limits().maxBytes(),
              Optional.of(new Network.Reach(bind, told.keys().orElseThrow())));
      ActorSystem system =
          ActorSystems.open(
              network,
              told.token(),
              told.settings(),
              HostWorker.class.getClassLoader(),
              Optional.of(told.controller()),
              told.traced().settings());
      return serve(system, told, folder, bind);
    }
  }

  private static String serve(
      ActorSystem system, Bootstrap told, JobFolder folder, InetAddress bind) {
    ActorRef self = new ActorRef(system.self(), HostAgent.NUMBER);
    HostRegistry registry = registry(system, told.controller());
    Backlog output = new Backlog(registry(system, told)::printed);
    LocalAgent agent =
        new LocalAgent(
            system,
            new JvmStarter(Worker.class, output),
            told.at(folder.path().toString(), bind.getHostAddress(), self));
    system.serve(HostAgent.NUMBER, "host", HostAgent.class, agent);
    CountDownLatch ended = new CountDownLatch(1);
    AtomicReference<String> why = new AtomicReference<>("");
    system
        .switchboard()
        .link(told.controller())
        .onDown(cause -> {
          why.set(String.valueOf(cause.getMessage()));
          ended.countDown();
        });
    registry.joined(self);
    try {
      Waits.await(ended);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    agent.close();
    output.close();
    system.close();
    return why.get();
  }

  private static HostRegistry registry(ActorSystem system, ProcessAddress controller) {
    return system.stub(
        HostRegistry.class,
        Stub.Target.of("controller", new ActorRef(controller, HostRegistry.NUMBER)),
        system.settings().timeout());
  }

  /// Lines are sent without waiting.
  private static HostRegistry registry(ActorSystem system, Bootstrap told) {
    return system.caster(
        HostRegistry.class,
        Stub.Target.of("controller", new ActorRef(told.controller(), HostRegistry.NUMBER)));
  }

  /// @param address of this host as the controller sees it
  private record Joined(Bootstrap bootstrap, InetAddress address) {}

  /// Retries where it was not heard: among many that want to be admitted, some are dropped.
  private static Joined join(JoinTicket ticket, String host) throws IOException {
    for (int i = 1; ; i++) {
      try {
        return tryToJoin(ticket, host);
      } catch (EOFException | SocketException e) {
        if (i == TRIES || e instanceof ConnectException) {
          throw e;
        }
        Waits.parkNanos(HostWorker.class, PAUSE.toNanos());
      }
    }
  }

  private static Joined tryToJoin(JoinTicket ticket, String host) throws IOException {
    try (SSLSocket socket = JobKeys.connect(ticket.address(), ticket.fingerprint(), PATIENCE)) {
      byte[] name = host.getBytes(UTF_8);
      OutputStream out = socket.getOutputStream();
      out.write(ticket.secret());
      out.write(Math.min(name.length, MAX_NAME));
      out.write(Arrays.copyOf(name, Math.min(name.length, MAX_NAME)));
      out.flush();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      int length = in.readInt();
      if (length == JoinServer.REFUSED) {
        throw new IOException("the controller refused this host; take the ticket of a running job");
      }
      if (length < 0 || length > MOST) {
        throw new IOException("the controller says what it should: length=" + length);
      }
      return new Joined(Bootstrap.decode(in.readNBytes(length)), socket.getLocalAddress());
    } catch (SSLHandshakeException e) {
      if (e.getCause() instanceof EOFException dropped) {
        throw dropped;
      }
      throw e;
    }
  }
}
