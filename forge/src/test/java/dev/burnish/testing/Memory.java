package dev.burnish.testing;

import dev.burnish.host.ResidentMemory;

/// The memory that this process holds.
public final class Memory {
  private Memory() {}

  /// Resident memory after a collection of garbage.
  public static long residentKilobytes() {
    System.gc();
    return ResidentMemory.now().orElseThrow() / 1024;
  }
}
