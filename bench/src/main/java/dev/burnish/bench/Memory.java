package dev.burnish.bench;

import dev.burnish.host.ResidentMemory;
import java.util.OptionalDouble;

/// Resident memory of this process.
final class Memory {
  private Memory() {}

  /// The most that this process ever had, in GB; empty where the system does not tell.
  static OptionalDouble peakGigabytes() {
    var peak = ResidentMemory.peak();
    return peak.isPresent() ? OptionalDouble.of(peak.getAsLong() / 1e9) : OptionalDouble.empty();
  }
}
