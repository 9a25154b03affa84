package dev.burnish.concurrent;

import dev.burnish.host.CpuInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The environment and the flags with which a process that computes must be started. All of the
/// environment is read once, by libtorch, OpenBLAS or the C library when they load, so it must be
/// set by the process that starts it: the launcher `burnish` for the first JVM (`./burnish env`
/// prints the same), this class for every other one.
///
/// Three settings decide a training step's time: OpenMP threads that wait without spinning, an
/// OpenBLAS core chosen by CPU features, and a malloc with huge pages that keeps small tensors.
public final class ProcessSettings {
  /// Keeps freed small tensors, which would otherwise come back as pages that are zeroed one by
  /// one. Large blocks are returned at once: kept, they leave gaps that amount to half of a
  /// training process. (Our large tensors are not malloc's: they have memory of their own.)
  static final String MALLOC =
      "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4194304"
          + ":glibc.malloc.trim_threshold=67108864:glibc.malloc.top_pad=16777216";

  private static final List<String> AVX512 =
      List.of("avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd");
  private static final List<String> AVX2 = List.of("avx2", "fma");

  private ProcessSettings() {}

  /// The flags of a JVM that computes; the launcher uses the same and more.
  ///
  /// The serial collector takes no core from the kernels and keeps the heap as small as its live
  /// data. Alone it would switch strip mining of loops off, and without that the compiler makes
  /// kernels of less than half the speed.
  public static List<String> flags() {
    return List.of(
        "-XX:+UseSerialGC",
        "-XX:+UseCountedLoopSafepoints",
        "-XX:LoopStripMiningIter=1000",
        "--enable-native-access=ALL-UNNAMED",
        "--add-modules=jdk.incubator.vector",
        "-Dorg.bytedeco.javacpp.nopointergc=true");
  }

  /// Variables to set over the environment of a process that computes with `cores` threads. Thread
  /// counts are always those of `cores`; the user's choices for the other variables are passed on.
  ///
  /// @throws IllegalArgumentException if `cores` is below 1
  public static Map<String, String> environment(int cores) {
    return environment(cores, System.getenv(), CpuInfo.read());
  }

  static Map<String, String> environment(int cores, Map<String, String> inherited, CpuInfo cpu) {
    if (cores < 1) {
      throw new IllegalArgumentException(
          "a process needs at least one core: cores=" + cores + "; give the placement's share");
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("OMP_NUM_THREADS", Integer.toString(cores));
    settings.put("OPENBLAS_NUM_THREADS", Integer.toString(cores));
    settings.put("OMP_WAIT_POLICY", chosen(inherited, "OMP_WAIT_POLICY", "PASSIVE"));
    String core = chosen(inherited, "OPENBLAS_CORETYPE", openBlasCore(cpu));
    if (!core.isEmpty()) {
      settings.put("OPENBLAS_CORETYPE", core);
    }
    if (System.getProperty("os.name", "").equals("Linux")) {
      settings.put("GLIBC_TUNABLES", chosen(inherited, "GLIBC_TUNABLES", MALLOC));
    }
    return settings;
  }

  /// The settings with which this process itself was started; missing ones map to `(not set)`.
  public static Map<String, String> inForce() {
    Map<String, String> inForce = new LinkedHashMap<>();
    environment(1)
        .keySet()
        .forEach(name -> inForce.put(name, System.getenv().getOrDefault(name, "(not set)")));
    return inForce;
  }

  /// The OpenBLAS core that fits the features of a processor, or nothing where OpenBLAS is to
  /// choose: it goes by model names, and treats an AVX-512 processor that it does not know as a
  /// Haswell, at half the speed.
  static String openBlasCore(CpuInfo cpu) {
    if (cpu.features().containsAll(AVX512)) {
      return "SKYLAKEX";
    }
    if (cpu.features().containsAll(AVX2)) {
      return cpu.vendor().equals("AuthenticAMD") ? "ZEN" : "HASWELL";
    }
    return "";
  }

  private static String chosen(Map<String, String> inherited, String name, String otherwise) {
    String value = inherited.getOrDefault(name, "");
    return value.isEmpty() ? otherwise : value;
  }
}
