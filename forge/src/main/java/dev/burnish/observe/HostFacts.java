package dev.burnish.observe;

import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.host.CpuInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/// The conditions that a figure depends on besides the program: machine, JVM and process settings.
///
/// @param sgemmGflops the measured single-precision matrix product, where the caller measured it
public record HostFacts(
    String burnish,
    String commit,
    String jdk,
    String os,
    String cpu,
    List<String> cpuFeatures,
    int cores,
    long memoryBytes,
    long heapBytes,
    Map<String, String> processSettings,
    OptionalDouble sgemmGflops) {
  /// The CPU features that decide which kernels run.
  private static final Set<String> OF_INTEREST =
      Set.of(
          "avx",
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512dq",
          "avx512cd",
          "avx512_bf16",
          "avx512_vnni",
          "amx_tile",
          "amx_bf16",
          "amx_int8",
          "asimd",
          "sve",
          "sve2",
          "bf16",
          "i8mm");

  /// Copies the collections.
  public HostFacts {
    cpuFeatures = List.copyOf(cpuFeatures);
    processSettings = new TreeMap<>(processSettings);
  }

  /// Detects the facts of this machine and this process. Measures nothing.
  public static HostFacts detect() {
    CpuInfo cpu = CpuInfo.read();
    return new HostFacts(
        version(),
        System.getProperty("burnish.commit", ""),
        System.getProperty("java.vm.vendor") + " " + Runtime.version(),
        "%s %s %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")),
        cpu.model(),
        cpu.features().stream().filter(OF_INTEREST::contains).sorted().toList(),
        Runtime.getRuntime().availableProcessors(),
        memory(),
        Runtime.getRuntime().maxMemory(),
        ProcessSettings.inForce(),
        OptionalDouble.empty());
  }

  /// These facts with a measured matrix product.
  public HostFacts withSgemm(double gflops) {
    return new HostFacts(
        burnish,
        commit,
        jdk,
        os,
        cpu,
        cpuFeatures,
        cores,
        memoryBytes,
        heapBytes,
        processSettings,
        OptionalDouble.of(gflops));
  }

  /// The version of Burnish.
  public static String version() {
    Properties properties = new Properties();
    try (var in = HostFacts.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read version.properties from the class path", e);
    }
    return properties.getProperty("version", "unknown");
  }

  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 0;
  }
}
