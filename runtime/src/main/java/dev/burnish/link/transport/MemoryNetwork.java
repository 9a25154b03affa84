package dev.burnish.link.transport;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Processes that are only threads of this one, for debugging: the same calls, the same copies.
public final class MemoryNetwork implements Network {
  private final Map<String, Acceptor> acceptors;
  private final ProcessAddress self;

  private MemoryNetwork(Map<String, Acceptor> acceptors, ProcessAddress self) {
    this.acceptors = acceptors;
    this.self = self;
  }

  /// The first process of a network of its own.
  public static MemoryNetwork create(String process, String host) {
    return new MemoryNetwork(new ConcurrentHashMap<>(), new ProcessAddress(process, host, "", ""));
  }

  /// Another process of the same network.
  public MemoryNetwork join(String process, String host) {
    return new MemoryNetwork(acceptors, new ProcessAddress(process, host, "", ""));
  }

  @Override
  public ProcessAddress self() {
    return self;
  }

  @Override
  public Transport connect(ProcessAddress to) throws IOException {
    Acceptor acceptor = acceptors.get(to.process());
    if (acceptor == null) {
      throw new IOException("there is no such process: process=" + to.process());
    }
    MemoryTransport.Pair pair = MemoryTransport.Pair.of(self.process() + "-" + to.process());
    acceptor.accept(pair.far());
    return pair.near();
  }

  @Override
  public void listen(Acceptor acceptor) {
    acceptors.put(self.process(), acceptor);
  }

  @Override
  public void close() {
    acceptors.remove(self.process());
  }
}
