package dev.burnish.bench.store;

import dev.burnish.mesh.host.HostWorker;
import dev.burnish.mesh.host.JoinTicket;
import java.io.IOException;

/// Another host, as a process of this one.
final class HostProcess {
  private HostProcess() {}

  /// Joins by a ticket: `TICKET`.
  public static void main(String... args) throws IOException {
    System.out.println(HostWorker.serve(JoinTicket.parse(args[0]), "neighbour"));
    System.exit(0);
  }
}
