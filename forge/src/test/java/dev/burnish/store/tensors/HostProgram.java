package dev.burnish.store.tensors;

import dev.burnish.mesh.host.HostWorker;
import dev.burnish.mesh.host.JoinTicket;
import java.io.IOException;

/// Another host, as a process of this one.
public final class HostProgram {
  private HostProgram() {}

  /// Joins by a ticket: `TICKET NAME`.
  public static void main(String... args) throws IOException {
    System.out.println(HostWorker.serve(JoinTicket.parse(args[0]), args[1]));
    System.exit(0);
  }
}
