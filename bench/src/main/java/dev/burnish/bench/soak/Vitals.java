package dev.burnish.bench.soak;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/// The resources that a process holds.
///
/// @param heap bytes after a collection
/// @param objects reachable instances of classes of ours, listeners included
/// @param threads of the platform
/// @param files open ones; 0 if the system does not report them
/// @param shared bytes of files in memory that it has open
/// @param direct bytes of buffers outside the heap
public record Vitals(long heap, long objects, long threads, long files, long shared, long direct) {
  private static final Path OPEN = Path.of("/proc/self/fd");

  /// The vitals of this process now.
  static Vitals look() {
    long objects = numObjects();
    System.gc();
    return new Vitals(
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
        objects,
        ManagementFactory.getThreadMXBean().getThreadCount(),
        open().size(),
        open().stream().filter(Vitals::isInMemory).mapToLong(Vitals::size).sum(),
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum());
  }

  /// A histogram has a line per class: rank, instances, bytes, name.
  private static long numObjects() {
    try {
      Object histogram =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
      return histogram
          .toString()
          .lines()
          .map(line -> line.strip().split("\\s+"))
          .filter(words -> words.length >= 4 && words[3].startsWith("dev.burnish."))
          .mapToLong(words -> Long.parseLong(words[1]))
          .sum();
    } catch (JMException e) {
      throw new IllegalStateException("this JVM does not count its objects", e);
    }
  }

  private static List<Path> open() {
    if (!Files.isDirectory(OPEN)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(OPEN)) {
      return files.toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("cannot list " + OPEN, e);
    }
  }

  private static boolean isInMemory(Path file) {
    try {
      String target = Files.readSymbolicLink(file).toString();
      return target.startsWith("/memfd:burnish-region") || target.startsWith("/dev/shm/");
    } catch (IOException e) {
      return false;
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
