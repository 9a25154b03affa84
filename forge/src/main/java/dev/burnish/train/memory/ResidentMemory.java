package dev.burnish.train.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/// Memory of this process and of the machine, as Linux tells it; elsewhere nothing is told.
public final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path MACHINE = Path.of("/proc/meminfo");

  private ResidentMemory() {}

  /// Bytes of this process that are in memory.
  public static OptionalLong now() {
    return bytes(STATUS, "VmRSS:");
  }

  /// The most that [#now] ever was.
  public static OptionalLong peak() {
    return bytes(STATUS, "VmHWM:");
  }

  /// Bytes that could be had without pushing anything out.
  public static OptionalLong available() {
    return bytes(MACHINE, "MemAvailable:");
  }

  private static OptionalLong bytes(Path file, String key) {
    if (!Files.isReadable(file)) {
      return OptionalLong.empty();
    }
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(key))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }
}
