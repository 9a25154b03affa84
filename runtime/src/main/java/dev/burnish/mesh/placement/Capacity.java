package dev.burnish.mesh.placement;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The resources of a host, or the free ones among them.
///
/// @param gpus the numbers of its devices
public record Capacity(int cores, int megabytes, List<Integer> gpus) {
  private static final File DEVICES = new File("/proc/driver/nvidia/gpus");

  /// Each device once, in order.
  public Capacity {
    gpus = gpus.stream().distinct().sorted().toList();
  }

  /// The resources of this host: all cores and memory that the JVM sees; the devices of the
  /// property `burnish.gpus`, else of `CUDA_VISIBLE_DEVICES`, else those that the driver lists.
  public static Capacity ofThisHost() {
    List<Integer> gpus =
        Optional.ofNullable(System.getProperty("burnish.gpus"))
            .or(() -> Optional.ofNullable(System.getenv("CUDA_VISIBLE_DEVICES")))
            .map(Capacity::devices)
            .orElseGet(Capacity::listed);
    return new Capacity(Runtime.getRuntime().availableProcessors(), physicalMegabytes(), gpus);
  }

  private static List<Integer> devices(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(String::strip)
        .filter(device -> device.matches("[0-9]{1,4}"))
        .map(Integer::valueOf)
        .toList();
  }

  private static List<Integer> listed() {
    int count = Stream.ofNullable(DEVICES.list()).mapToInt(devices -> devices.length).sum();
    return IntStream.range(0, count).boxed().toList();
  }

  private static int physicalMegabytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? (int) (system.getTotalMemorySize() >> 20)
        : (int) (Runtime.getRuntime().maxMemory() >> 20);
  }
}
