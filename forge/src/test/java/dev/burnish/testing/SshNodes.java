package dev.burnish.testing;

import dev.burnish.cli.Main;
import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.host.JvmCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.shell.ProcessShellFactory;

/// Nodes that are reached by SSH: a real server of the protocol on this machine, on which each node
/// is a `burnish worker` that is told to be a host of its own.
public final class SshNodes implements AutoCloseable {
  private final SshServer server = SshServer.setUpDefaultServer();
  private final Path folder;

  /// @param folder for keys
  public SshNodes(Path folder) throws IOException, GeneralSecurityException {
    this.folder = folder;
    KeyPair hostKey = KeyUtils.generateKeyPair("ssh-ed25519", 256);
    KeyPair userKey = KeyUtils.generateKeyPair("ssh-ed25519", 256);
    server.setHost(InetAddress.getLoopbackAddress().getHostAddress());
    server.setPort(0);
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    server.setPublickeyAuthenticator(
        (user, key, session) -> KeyUtils.compareKeys(key, userKey.getPublic()));
    server.setCommandFactory((channel, command) ->
        new ProcessShellFactory(command, "/bin/sh", "-c", command).createShell(channel));
    server.start();
    try (OutputStream out = Files.newOutputStream(folder.resolve("key"))) {
      OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(userKey, "test", null, out);
    }
    Files.setPosixFilePermissions(
        folder.resolve("key"), PosixFilePermissions.fromString("rw-------"));
    Files.writeString(
        folder.resolve("known"),
        "[127.0.0.1]:%d %s%n"
            .formatted(server.getPort(), PublicKeyEntry.toString(hostKey.getPublic())));
  }

  /// The settings of a script that runs on so many nodes.
  public List<String> settings(int numNodes) {
    List<String> nodes = new ArrayList<>();
    for (int i = 0; i < numNodes; i++) {
      nodes.add("127.0.0.1:" + server.getPort());
    }
    List<String> worker =
        JvmCommand.of(Main.class)
            .withFlags(ProcessSettings.flags())
            .withArguments(List.of("worker"))
            .words();
    return List.of(
        "hosts.launcher=SSH",
        "hosts.nodes=[" + String.join(", ", nodes) + "]",
        "hosts.address=127.0.0.1",
        "hosts.command=" + String.join(" ", worker),
        "hosts.ssh.identity=" + folder.resolve("key"),
        "hosts.ssh.knownHosts=" + folder.resolve("known"));
  }

  @Override
  public void close() throws IOException {
    server.stop(true);
  }
}
