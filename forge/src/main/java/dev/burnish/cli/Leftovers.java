package dev.burnish.cli;

import dev.burnish.mesh.host.JobFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Remains of processes that were killed, of this user and on this host. Removes nothing.
final class Leftovers {
  /// The beginnings of names of temporary files and folders of ours.
  private static final List<String> NAMES =
      List.of(
          "burnish-sandbox-",
          "burnish-program-",
          "burnish-spill-",
          "burnish-dry-run-",
          "burnish-replay-",
          ".state-",
          ".offload-");

  /// Younger ones may be about to be used.
  private static final Duration YOUNG = Duration.ofMinutes(10);

  private static final int NAMED = 5;
  private static final long MIB = 1 << 20;

  private Leftovers() {}

  static List<Finding> all() {
    List<OpenFiles> processes = OpenFiles.all();
    return List.of(
        jobs(JobFolder.abandoned()),
        files(Path.of(System.getProperty("java.io.tmpdir")), processes, Instant.now()),
        memory(processes));
  }

  /// Folders of jobs, with sockets.
  static Finding jobs(List<Path> abandoned) {
    return finding(
        "leftover jobs",
        abandoned,
        "their processes were killed; `./burnish ps`, or the next job, removes them");
  }

  /// Files and folders of ours that no process uses.
  static Finding files(Path folder, List<OpenFiles> processes, Instant now) {
    List<Path> left;
    try (Stream<Path> all = Files.list(folder)) {
      left =
          all.filter(Leftovers::isOurs)
              .filter(path -> isOld(path, now))
              .filter(path -> processes.stream().noneMatch(each -> each.uses(path)))
              .sorted()
              .toList();
    } catch (IOException | UncheckedIOException e) {
      return Finding.of("leftover files", false, e.toString(), "make the folder readable");
    }
    return finding(
        "leftover files", left, "no process uses them; remove them by: rm -r " + names(left));
  }

  private static boolean isOurs(Path path) {
    String name = path.getFileName().toString();
    return NAMES.stream().anyMatch(name::startsWith);
  }

  private static boolean isOld(Path path, Instant now) {
    try {
      return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS)
          .toInstant()
          .isBefore(now.minus(YOUNG));
    } catch (IOException e) {
      return false; // it has gone meanwhile
    }
  }

  /// Memory that processes share has no name: it stays as long as a process has it, also one that
  /// nobody waits for any more.
  static Finding memory(List<OpenFiles> processes) {
    List<OpenFiles> orphans =
        processes.stream()
            .filter(OpenFiles::isOrphan)
            .filter(each -> each.regionBytes() > 0)
            .toList();
    if (orphans.isEmpty()) {
      return Finding.good("leftover memory", "none");
    }
    String held =
        orphans.stream()
            .map(each -> "%d MiB by process %d".formatted(each.regionBytes() / MIB, each.pid()))
            .collect(Collectors.joining(", "));
    String pids =
        orphans.stream().map(each -> Long.toString(each.pid())).collect(Collectors.joining(" "));
    return Finding.of(
        "leftover memory",
        false,
        held,
        "their starters are gone; if no job of yours is meant to run there: kill " + pids);
  }

  private static Finding finding(String name, List<Path> left, String advice) {
    return left.isEmpty()
        ? Finding.good(name, "none")
        : Finding.of(name, false, "%d: %s".formatted(left.size(), names(left)), advice);
  }

  private static String names(List<Path> paths) {
    String names = paths.stream().limit(NAMED).map(Path::toString).collect(Collectors.joining(" "));
    return paths.size() > NAMED ? names + " ..." : names;
  }
}
