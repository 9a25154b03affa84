package dev.burnish.host;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Linux's description of the processor; empty on other systems.
///
/// @param vendor such as `GenuineIntel`, empty where it is not known
/// @param model the name for people, empty where it is not known
/// @param features the capabilities of the processor, by the kernel's names
public record CpuInfo(String vendor, String model, Set<String> features) {
  private static final Path FILE = Path.of("/proc/cpuinfo");

  public CpuInfo {
    features = Set.copyOf(features);
  }

  /// The processor of this machine.
  public static CpuInfo read() {
    return of(ProcFile.read(FILE));
  }

  /// Parses the lines of a `/proc/cpuinfo`.
  public static CpuInfo of(List<String> lines) {
    return of(ProcFile.of(lines));
  }

  private static CpuInfo of(ProcFile file) {
    Set<String> features = new TreeSet<>();
    // x86 says flags, ARM says Features.
    for (String name : List.of("flags", "Features")) {
      file.field(name).map(text -> List.of(text.split(" +"))).ifPresent(features::addAll);
    }
    features.remove("");
    return new CpuInfo(text(file.field("vendor_id")), text(file.field("model name")), features);
  }

  private static String text(Optional<String> field) {
    return field.orElse("");
  }
}
