package dev.burnish.mesh;

import dev.burnish.files.GivenFile;
import dev.burnish.mesh.host.HostWorker;
import dev.burnish.mesh.host.JoinTicket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// A host as a process. Its name has no `$`, which a shell would interpret.
public final class HostProgram {
  private HostProgram() {}

  /// Joins by a ticket: `TICKET NAME`, or `--join FILE --name NAME` as `burnish worker` does.
  public static void main(String... args) throws IOException {
    String ticket = args[0].equals("--join") ? read(args[1]) : args[0];
    System.out.println(HostWorker.serve(JoinTicket.parse(ticket), args[args.length - 1]));
    System.exit(0);
  }

  private static String read(String file) throws IOException {
    return file.equals("-")
        ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
        : GivenFile.read(Path.of(file));
  }
}
