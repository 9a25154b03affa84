package dev.burnish.bench;

import dev.burnish.host.ResidentMemory;
import java.util.OptionalDouble;

/// Resident memory of this process.
final class Memory {
  private Memory() {}

  /// The peak memory of this process so far, in GB; empty if the system does not report it.
  static OptionalDouble peakGigabytes() {
    var peak = ResidentMemory.peak();
    return peak.isPresent() ? OptionalDouble.of(peak.getAsLong() / 1e9) : OptionalDouble.empty();
  }
}
