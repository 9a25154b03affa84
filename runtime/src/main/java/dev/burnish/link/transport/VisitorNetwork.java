package dev.burnish.link.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;

/// For a process that visits a job from outside: it connects to processes of its own user on this
/// host, and accepts no connections.
public final class VisitorNetwork implements Network {
  private static final int MOST = 1 << 24;

  private final ProcessAddress self;
  private final UserPrincipal user;

  /// @param process a name that is unique in the job
  /// @param host as the processes of the job call it
  /// @param folder of the job, this user's own
  public VisitorNetwork(String process, String host, Path folder) throws IOException {
    this.self = new ProcessAddress(process, host, "", "");
    this.user = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public ProcessAddress self() {
    return self;
  }

  @Override
  public Transport connect(ProcessAddress to) throws IOException {
    if (to.socket().isEmpty()) {
      throw new IOException("a visitor talks to processes of its host: to=" + to);
    }
    return new SocketTransport(to.process(), UnixStream.connect(Path.of(to.socket()), user), MOST);
  }

  @Override
  public void listen(Acceptor acceptor) {}

  @Override
  public void close() {}
}
