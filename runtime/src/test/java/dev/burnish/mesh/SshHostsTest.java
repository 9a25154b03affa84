package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.config.Config;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.link.failure.ReplicaLost;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.shell.ProcessShellFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Hosts that are started over SSH, by a real server of the protocol on this machine, with keys on
/// both sides. Each runs an agent, which joins over TLS.
class SshHostsTest {
  private final List<String> commands = new CopyOnWriteArrayList<>();
  private final SshServer server = SshServer.setUpDefaultServer();

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void open() throws IOException, GeneralSecurityException {
    KeyPair hostKey = KeyUtils.generateKeyPair("ssh-ed25519", 256);
    KeyPair userKey = KeyUtils.generateKeyPair("ssh-ed25519", 256);
    server.setHost(InetAddress.getLoopbackAddress().getHostAddress());
    server.setPort(0);
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    server.setPublickeyAuthenticator(
        (user, key, session) -> KeyUtils.compareKeys(key, userKey.getPublic()));
    server.setCommandFactory((channel, command) -> {
      commands.add(command);
      return new ProcessShellFactory(command, "/bin/sh", "-c", command).createShell(channel);
    });
    server.start();
    try (OutputStream out = Files.newOutputStream(folder.resolve("key"))) {
      OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(userKey, "test", null, out);
    }
    Files.setPosixFilePermissions(
        folder.resolve("key"),
        java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    Files.writeString(
        folder.resolve("known"),
        "[127.0.0.1]:%d %s%n"
            .formatted(server.getPort(), PublicKeyEntry.toString(hostKey.getPublic())));
  }

  @AfterEach
  void close() throws IOException {
    server.stop(true);
  }

  /// The options of a user's command line.
  private JobOptions options(String... more) {
    List<String> settings = new ArrayList<>();
    settings.add("launcher=SSH");
    settings.add("nodes=[127.0.0.1:%d]".formatted(server.getPort()));
    settings.add("address=127.0.0.1");
    settings.add("command=" + String.join(" ", Programs.command(HostProgram.class)));
    settings.add("ssh.identity=" + folder.resolve("key"));
    settings.add("ssh.knownHosts=" + folder.resolve("known"));
    settings.addAll(List.of(more));
    return JobOptions.named("far")
        .with(Config.of(HostSettings.defaults()).withSettings(settings).resolve());
  }

  @Test
  void agentsAreStartedJoinAndEnd() throws Exception {
    long pid;
    try (Job job = Job.start(options())) {
      OwnedMesh<Counter> counters =
          job.hosts()
              .spawnProcs(Map.of("gpus", 2))
              .spawn("counters", Counter.class, CounterActor::new, 4);
      assertThat(counters.gather(Counter::value)).containsExactly(4, 4);
      assertThat(counters.gather(Counter::context))
          .containsExactly(
              "counters[0] of 2 at {hosts: 0/1, gpus: 0/2}",
              "counters[1] of 2 at {hosts: 0/1, gpus: 1/2}");
      pid = counters.gather(Counter::pid).getFirst();
      String secret = job.ticket().text();
      assertThat(commands)
          .hasSize(1)
          .allMatch(command -> command.endsWith(" --join - --name 127.0.0.1"));
      assertThat(commands.getFirst())
          .doesNotContain(secret)
          .doesNotContain(secret.split("#", -1)[2]);
    }
    ProcessHandle.of(pid).ifPresent(worker -> worker.onExit().join());
  }

  @Test
  void aNodeThatCannotRunTheCommandIsNamedWithWhatItSaid() {
    try (Job job = Job.start(options("command=echo no such thing; exit 127;"))) {
      assertThatThrownBy(job::hosts)
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("0 of 1 hosts have joined: host 127.0.0.1")
          .hasMessageContaining("exited with status 127")
          .hasMessageContaining("no such thing");
    }
  }

  @Test
  void aHostWhoseKeyIsNotKnownIsRefused() throws IOException {
    Files.writeString(folder.resolve("known"), "");
    try (Job job = Job.start(options())) {
      assertThatThrownBy(job::hosts)
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("SSH to")
          .hasMessageContaining("hosts.ssh");
    }
    assertThat(commands).isEmpty();
  }

  @Test
  void aKeyThatTheHostDoesNotKnowIsAnErrorAtOnce() throws Exception {
    try (OutputStream out = Files.newOutputStream(folder.resolve("key"))) {
      OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(
          KeyUtils.generateKeyPair("ssh-ed25519", 256), "other", null, out);
    }
    try (Job job = Job.start(options())) {
      assertThatThrownBy(job::hosts)
          .isInstanceOf(ReplicaLost.class)
          .hasMessageContaining("authentication");
    }
    assertThat(commands).isEmpty();
  }

  @Test
  void aHostThatIsKilledIsSeen() throws Exception {
    BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
    try (Job job = Job.start(options())) {
      job.onUnhandled(unhandled::add);
      OwnedMesh<Counter> counters =
          job.hosts()
              .spawnProcs(Map.of("gpus", 1))
              .spawn("counters", Counter.class, CounterActor::new, 4);
      long worker = counters.only().pid();
      ProcessHandle.of(worker).orElseThrow().parent().orElseThrow().destroyForcibly();
      assertThat(unhandled.take().place().host()).isEqualTo("127.0.0.1");
    }
  }

  @Test
  void wrongSettingsAreNamedWithTheirCure() {
    assertThatThrownBy(() -> options("nodes=[]"))
        .hasMessageContaining("hosts.nodes=[host, user@host:port]");
    assertThatThrownBy(() -> Job.start(options("nodes=['a b']")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hosts.nodes has 'a b'");
    assertThatThrownBy(() -> options("launcher=LOCAL", "nodes=[]", "count=2"))
        .hasMessageContaining("hosts.launcher=SSH, SLURM or KUBERNETES");
    assertThatThrownBy(() -> Job.start(options("ssh.identity=" + folder.resolve("none"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hosts.ssh.identity=" + folder.resolve("none"));
    assertThatThrownBy(() -> Job.start(options("address=no.such.host.invalid")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hosts.address='no.such.host.invalid'");
    assertThatThrownBy(() -> Job.start(options("address=203.0.113.9")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hosts.address='203.0.113.9' (no interface of this host has it)");
  }
}
