package dev.burnish.launch.remote;

import dev.burnish.launch.Output;
import dev.burnish.launch.remote.HostSettings.Ssh;
import dev.burnish.launch.remote.LaunchRequest.AgentEnd;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.keyverifier.KnownHostsServerKeyVerifier;
import org.apache.sshd.client.keyverifier.RejectAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.core.CoreModuleProperties;

/// Runs the command of an agent on each node over SSH. The ticket goes over its standard input. A
/// host whose key is not known is refused, and there is no password prompt.
final class SshLauncher implements Launcher {
  private static final Pattern NODE =
      Pattern.compile("(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");
  private static final List<String> USUAL_KEYS = List.of("id_ed25519", "id_ecdsa", "id_rsa");
  private static final int PORT = 22;

  private final HostSettings settings;
  private final List<Node> nodes;

  private record Node(String user, String host, int port) {}

  SshLauncher(HostSettings settings) {
    this.settings = settings;
    this.nodes = settings.nodes().stream().map(this::node).toList();
  }

  private Node node(String text) {
    Matcher matcher = NODE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a node is [user@]host[:port]: hosts.nodes has '%s'; correct it".formatted(text));
    }
    String user =
        Optional.ofNullable(matcher.group(1))
            .or(() -> Optional.of(settings.ssh().user()).filter(name -> !name.isEmpty()))
            .orElseGet(() -> ownName(text));
    int port = Optional.ofNullable(matcher.group(3)).map(Integer::parseInt).orElse(PORT);
    return new Node(user, Optional.ofNullable(matcher.group(2)).orElseThrow(), port);
  }

  /// A number alone may have no name, which the JVM then calls `?`.
  private static String ownName(String node) {
    String name = System.getProperty("user.name");
    if (name.isEmpty() || name.equals("?")) {
      throw new IllegalArgumentException(
          "SSH needs the name of a user, and this one has none: hosts.nodes has '%s'; write user@host there, or set hosts.ssh.user"
              .formatted(node));
    }
    return name;
  }

  @Override
  public Launched launch(LaunchRequest request) {
    SshClient client = client(settings.ssh());
    client.start();
    for (Node node : nodes) {
      Thread.ofVirtual()
          .name("ssh/" + node.host())
          .start(
              () -> request.onEnd().accept(new AgentEnd(node.host(), run(client, node, request))));
    }
    return client::stop;
  }

  private static SshClient client(Ssh ssh) {
    SshClient client = SshClient.setUpDefaultClient();
    client.setServerKeyVerifier(
        new KnownHostsServerKeyVerifier(RejectAllServerKeyVerifier.INSTANCE, ssh.knownHosts()));
    client.setKeyIdentityProvider(new FileKeyPairProvider(keys(ssh)));
    CoreModuleProperties.HEARTBEAT_INTERVAL.set(client, Duration.ofSeconds(2));
    CoreModuleProperties.HEARTBEAT_NO_REPLY_MAX.set(client, 4);
    return client;
  }

  private static List<Path> keys(Ssh ssh) {
    Path folder = Path.of(System.getProperty("user.home"), ".ssh");
    List<Path> keys =
        ssh.identity()
            .map(List::of)
            .orElseGet(
                () -> USUAL_KEYS.stream().map(folder::resolve).filter(Files::exists).toList());
    if (keys.isEmpty() || !Files.isReadable(keys.getFirst())) {
      throw new IllegalArgumentException(
          "SSH needs a private key: hosts.ssh.identity=%s; name a file that this user can read"
              .formatted(
                  ssh.identity()
                      .map(Path::toString)
                      .orElse("none, and none of " + USUAL_KEYS + " in " + folder)));
    }
    return keys;
  }

  /// Runs the agent to its end; returns how it ended.
  private String run(SshClient client, Node node, LaunchRequest request) {
    try (ClientSession session = connect(client, node);
        ChannelExec channel =
            session.createExecChannel(settings.command() + " --join - --name " + node.host())) {
      channel.open().verify(settings.ssh().connect());
      Output output =
          new Output(
              node.host(), channel.getInvertedOut(), channel.getInvertedErr(), request.output());
      try (OutputStream in = channel.getInvertedIn()) {
        in.write((request.ticket() + "\n").getBytes(StandardCharsets.UTF_8));
      }
      channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), 0L);
      output.awaitEnd();
      return ended(channel, output);
    } catch (IOException | RuntimeException e) {
      return "SSH to %s@%s:%d failed: %s; try ssh by hand, and see hosts.ssh"
          .formatted(node.user(), node.host(), node.port(), causes(e));
    }
  }

  private ClientSession connect(SshClient client, Node node) throws IOException {
    ClientSession session =
        client
            .connect(node.user(), node.host(), node.port())
            .verify(settings.ssh().connect())
            .getSession();
    session.auth().verify(settings.ssh().connect());
    return session;
  }

  private String ended(ChannelExec channel, Output output) {
    List<String> how = new ArrayList<>();
    Optional.ofNullable(channel.getExitStatus())
        .ifPresent(code -> how.add("exited with status " + code));
    Optional.ofNullable(channel.getExitSignal())
        .ifPresent(name -> how.add("was ended by signal " + name));
    String end = how.isEmpty() ? "lost its connection" : String.join(", ", how);
    return "the agent %s: hosts.command=%s; its last output: %s"
        .formatted(end, settings.command(), output.last());
  }

  private static String causes(Throwable thrown) {
    return String.join(
        ": ",
        Stream.iterate(thrown, t -> t != null, Throwable::getCause)
            .limit(4)
            .map(t -> String.valueOf(t.getMessage()))
            .distinct()
            .toList());
  }
}
