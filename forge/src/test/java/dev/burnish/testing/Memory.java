package dev.burnish.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What this process holds.
public final class Memory {
  private Memory() {}

  /// Resident memory after a collection of garbage.
  public static long residentKilobytes() throws IOException {
    System.gc();
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }
}
