package dev.burnish.link.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;

/// Makes connections between processes. Implemented by sockets, by memory within one process, and
/// by simulations.
public interface Network extends AutoCloseable {
  /// The address of this process.
  ProcessAddress self();

  /// How other hosts reach this process; empty if they do not.
  default Optional<Reach> reach() {
    return Optional.empty();
  }

  /// How other hosts reach a process.
  ///
  /// @param bind the address of this host to listen at
  /// @param keys of the job
  record Reach(InetAddress bind, JobKeys keys) {}

  /// A connection to a process, not yet started.
  ///
  /// @throws IOException if the process cannot be reached
  Transport connect(ProcessAddress to) throws IOException;

  /// Runs the setup of a connection: here, or, where that waits for the peer, on a separate thread,
  /// which nobody interrupts.
  default void begin(String name, Runnable connecting) {
    connecting.run();
  }

  /// Passes incoming connections to an acceptor, until this is closed.
  void listen(Acceptor acceptor);

  @Override
  void close();

  /// Accepts connections that others made.
  @FunctionalInterface
  interface Acceptor {
    /// Accepts a connection that is not yet started.
    void accept(Transport transport);
  }
}
