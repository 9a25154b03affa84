package dev.burnish.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/// User ids that nobody has, for sandboxes that root makes: one per fork server, since the kernel
/// counts processes and some memory per user.
final class HostUsers {
  /// Below are users of people and of systemd, above those of containers.
  private static final int FIRST = 58_000;

  private static final int NUM = 2_000;

  private HostUsers() {}

  /// A number that no process and no line of `/etc/passwd` has.
  static int unused() {
    Set<Integer> used = used();
    int begin = ThreadLocalRandom.current().nextInt(NUM);
    for (int i = 0; i < NUM; i++) {
      int user = FIRST + (begin + i) % NUM;
      if (!used.contains(user)) {
        return user;
      }
    }
    throw new SandboxUnavailable(
        "a sandbox of root needs a user id without processes: all of %d to %d have some; end them"
            .formatted(FIRST, FIRST + NUM - 1));
  }

  private static Set<Integer> used() {
    Set<Integer> used = new HashSet<>();
    try (Stream<String> users = Files.lines(Path.of("/etc/passwd"));
        Stream<Path> processes = Files.list(Path.of("/proc"))) {
      users
          .map(line -> line.split(":", -1))
          .filter(fields -> fields.length > 2 && fields[2].matches("\\d{1,9}"))
          .forEach(fields -> used.add(Integer.valueOf(fields[2])));
      processes
          .filter(path -> path.getFileName().toString().matches("\\d+"))
          .forEach(path -> addOwner(path, used));
      return used;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void addOwner(Path process, Set<Integer> used) {
    try {
      used.add((Integer) Files.getAttribute(process, "unix:uid", LinkOption.NOFOLLOW_LINKS));
    } catch (IOException e) {
      // it has just ended
    }
  }
}
