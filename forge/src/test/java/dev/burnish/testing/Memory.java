package dev.burnish.testing;

import dev.burnish.host.ResidentMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory that this process holds.
public final class Memory {
  private Memory() {}

  /// Resident memory after a collection of garbage.
  public static long residentKilobytes() {
    System.gc();
    return ResidentMemory.now().orElseThrow() / 1024;
  }

  /// Resident memory that this process shares with nobody, after a collection of garbage.
  public static long privateKilobytes() {
    System.gc();
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
