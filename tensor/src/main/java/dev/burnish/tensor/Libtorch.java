package dev.burnish.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The native library: loading it once, its threads, and its names for our types.
public final class Libtorch {
  private static final class Loaded {
    static final String VERSION = load();

    private static String load() {
      try {
        torch.set_num_threads(threadsFromEnvironment());
        openblas.blas_set_num_threads(1);
        return Loader.getVersion("org.bytedeco", "pytorch");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (UnsatisfiedLinkError e) {
        throw new IllegalStateException(
            "libtorch needs its native library for this platform: %s; build with -Dburnish.platform=linux-x86_64, linux-arm64 or macosx-arm64"
                .formatted(e.getMessage()),
            e);
      }
    }
  }

  private Libtorch() {}

  /// Loads the library unless that has happened; the first time in a process takes seconds.
  public static String load() {
    return Loaded.VERSION;
  }

  /// Version of the loaded libtorch.
  public static String version() {
    return load();
  }

  /// Threads of libtorch's own operations in this process. OpenBLAS itself always runs on the
  /// calling thread: matrix products are split by `Team`, so that no two pools of spinning threads
  /// share the cores.
  public static void setNumThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a process has at least one thread: threads=" + threads);
    }
    load();
    torch.set_num_threads(threads);
  }

  /// The number of threads a process was given: `OMP_NUM_THREADS`, else its processors.
  public static int threadsFromEnvironment() {
    String configured = System.getenv("OMP_NUM_THREADS");
    if (configured != null && configured.matches("[1-9][0-9]{0,3}")) {
      return Integer.parseInt(configured);
    }
    return Runtime.getRuntime().availableProcessors();
  }

  private record Placement(DType dtype, Device device) {}

  /// Native objects, created once per key and kept: without pointer collection they would leak at
  /// every call.
  private static final Map<Placement, TensorOptions> OPTIONS = new ConcurrentHashMap<>();

  private static final Map<Device, org.bytedeco.pytorch.Device> DEVICES = new ConcurrentHashMap<>();

  static TensorOptions options(DType dtype, Device device) {
    return OPTIONS.computeIfAbsent(
        new Placement(dtype, device),
        key ->
            new TensorOptions()
                .dtype(new ScalarTypeOptional(scalarType(key.dtype())))
                .device(new DeviceOptional(device(key.device()))));
  }

  static org.bytedeco.pytorch.Device device(Device device) {
    return DEVICES.computeIfAbsent(
        device,
        key ->
            switch (key) {
              case Device.Cpu() -> new org.bytedeco.pytorch.Device(torch.DeviceType.CPU, (byte) -1);
              case Device.Cuda(int index) ->
                  new org.bytedeco.pytorch.Device(torch.DeviceType.CUDA, (byte) index);
            });
  }

  static ScalarType scalarType(DType dtype) {
    return switch (dtype) {
      case F64 -> ScalarType.Double;
      case F32 -> ScalarType.Float;
      case F16 -> ScalarType.Half;
      case BF16 -> ScalarType.BFloat16;
      case F8_E4M3 -> ScalarType.Float8_e4m3fn;
      case F8_E5M2 -> ScalarType.Float8_e5m2;
      case I64 -> ScalarType.Long;
      case I32 -> ScalarType.Int;
      case I16 -> ScalarType.Short;
      case I8 -> ScalarType.Char;
      case U8 -> ScalarType.Byte;
      case BOOL -> ScalarType.Bool;
    };
  }

  static DType dtype(ScalarType type) {
    for (DType dtype : DType.values()) {
      if (scalarType(dtype).value == type.value) {
        return dtype;
      }
    }
    throw new IllegalArgumentException("a tensor of type %s has no DType of ours".formatted(type));
  }
}
