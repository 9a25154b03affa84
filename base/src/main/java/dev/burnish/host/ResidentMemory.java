package dev.burnish.host;

import java.nio.file.Path;
import java.util.OptionalLong;

/// Memory of processes and of the machine, in bytes, as Linux reports it; empty on other systems.
public final class ResidentMemory {
  private static final Path SELF = Path.of("/proc/self/status");
  private static final Path MACHINE = Path.of("/proc/meminfo");

  private ResidentMemory() {}

  /// Resident bytes of this process.
  public static OptionalLong now() {
    return bytes(SELF, "VmRSS");
  }

  /// Resident bytes of another process; empty if it has ended.
  public static OptionalLong of(long pid) {
    return bytes(Path.of("/proc", Long.toString(pid), "status"), "VmRSS");
  }

  /// The peak of [#now].
  public static OptionalLong peak() {
    return bytes(SELF, "VmHWM");
  }

  /// Bytes that are available without evicting anything.
  public static OptionalLong available() {
    return bytes(MACHINE, "MemAvailable");
  }

  private static OptionalLong bytes(Path file, String name) {
    return ProcFile.read(file)
        .field(name)
        .map(value -> OptionalLong.of(1024 * Long.parseLong(value.replaceAll("\\D", ""))))
        .orElse(OptionalLong.empty());
  }
}
