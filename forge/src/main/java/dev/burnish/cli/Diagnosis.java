package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.kernel.Calibration;
import dev.burnish.observe.HostFacts;
import dev.burnish.tensor.Libtorch;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Looks at this machine.
final class Diagnosis {
  private static final long GIB = 1L << 30;
  private static final long MIN_FILES = 4096;

  private Diagnosis() {}

  static List<Finding> all() {
    HostFacts host = HostFacts.detect();
    List<Finding> findings = new ArrayList<>();
    findings.add(jdk(Runtime.version().feature()));
    findings.add(Finding.good("system", host.os()));
    findings.add(Finding.good("cpu", "%d cores, %s".formatted(host.cores(), host.cpu()).strip()));
    findings.add(cpuFeatures(host));
    findings.add(memory(host.memoryBytes()));
    findings.addAll(settings(ProcessSettings.inForce(), ProcessSettings.environment(host.cores())));
    findings.addAll(numbers());
    findings.add(sharedMemory(Path.of("/dev/shm")));
    findings.add(hugePages(System.getProperty("os.version")));
    findings.add(openFiles(Path.of("/proc/self/limits")));
    findings.add(disk(Path.of("").toAbsolutePath()));
    findings.add(gpu());
    findings.addAll(sandbox());
    findings.addAll(Leftovers.all());
    return findings;
  }

  /// The libraries that compute; without them nothing is measured.
  private static List<Finding> numbers() {
    try {
      return List.of(
          Finding.good("libtorch", Libtorch.version()),
          vectors(Calibration.vectorBits()),
          Finding.good("sgemm", "%.0f GFLOP/s".formatted(Calibration.sgemmGflops())));
    } catch (IllegalStateException | LinkageError e) {
      return List.of(
          new Finding(
              "libtorch",
              Finding.Verdict.BROKEN,
              String.valueOf(e.getMessage()),
              "start through ./burnish, which builds with the library of this platform"));
    }
  }

  static Finding vectors(int bits) {
    return Finding.of(
        "vector width",
        bits >= 256,
        bits + " bits",
        "kernels are several times slower than with 256; use another machine, and no -XX:UseAVX below 2");
  }

  /// Pages of memory that processes share are put together since Linux 6.1, whatever is set.
  static Finding hugePages(String kernel) {
    Matcher version = Pattern.compile("(\\d+)\\.(\\d+).*").matcher(kernel);
    boolean recent =
        version.matches()
            && Integer.parseInt(version.group(1)) * 100 + Integer.parseInt(version.group(2)) >= 601;
    return Finding.of(
        "huge pages",
        recent,
        recent ? "can be made of shared memory" : "not of shared memory: kernel " + kernel,
        "weights are published and mapped two to three times slower; use Linux 6.1 or later");
  }

  static Finding openFiles(Path limits) {
    Optional<String> line = Optional.empty();
    try (Stream<String> lines = Files.isReadable(limits) ? Files.lines(limits) : Stream.of()) {
      line = lines.filter(each -> each.startsWith("Max open files")).findFirst();
    } catch (IOException | UncheckedIOException e) {
      // Told as unknown.
    }
    Optional<String> soft =
        line.map(each -> each.substring("Max open files".length()).strip().split("\\s+", 2)[0]);
    boolean enough =
        soft.map(each -> each.equals("unlimited") || Long.parseLong(each) >= MIN_FILES)
            .orElse(true);
    return Finding.of(
        "open files",
        enough,
        "at most " + soft.orElse("an unknown number"),
        "a process has a file per connection and per put that it holds; raise it by ulimit -n, or LimitNOFILE of its service, to %d"
            .formatted(MIN_FILES));
  }

  static Finding jdk(int version) {
    return version >= 25
        ? Finding.good("jdk", System.getProperty("java.vm.vendor") + " " + Runtime.version())
        : new Finding(
            "jdk", Finding.Verdict.BROKEN, "version " + version, "install a JDK 25 or later");
  }

  static Finding memory(long bytes) {
    String value = "%.1f GiB".formatted((double) bytes / GIB);
    return Finding.of(
        "memory", bytes >= 4 * GIB, value, "the demo needs 2 GiB, a model of 135 M parameters 6");
  }

  private static Finding cpuFeatures(HostFacts host) {
    boolean wide =
        host.cpuFeatures().stream().anyMatch(f -> f.startsWith("avx") || f.equals("asimd"));
    return Finding.of(
        "cpu features",
        wide,
        String.join(" ", host.cpuFeatures()),
        "without AVX2 or NEON training is several times slower; use another machine");
  }

  static List<Finding> settings(Map<String, String> inForce, Map<String, String> wanted) {
    return wanted.entrySet().stream()
        .map(setting -> {
          String value = inForce.getOrDefault(setting.getKey(), "(not set)");
          boolean chosen = !value.equals("(not set)");
          return Finding.of(
              setting.getKey(),
              chosen,
              value,
              "start through ./burnish, or set it to %s before the JVM starts"
                  .formatted(setting.getValue()));
        })
        .toList();
  }

  static Finding sharedMemory(Path folder) {
    long free = folder.toFile().getUsableSpace();
    return Finding.of(
        "shared memory",
        free >= GIB,
        "%.1f GiB free in %s".formatted((double) free / GIB, folder),
        "bytes pass between processes there where the kernel has no memfd_create; give a container --shm-size=4g or more");
  }

  private static Finding disk(Path folder) {
    long free = folder.toFile().getUsableSpace();
    return Finding.of(
        "disk",
        free >= 5 * GIB,
        "%.1f GiB free in %s".formatted((double) free / GIB, folder),
        "runs and checkpoints go there; free some space or work elsewhere");
  }

  private static Finding gpu() {
    Optional<String> gpus =
        output("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader");
    return gpus.filter(text -> !text.isBlank())
        .map(text -> Finding.good("gpu", String.join("; ", text.lines().toList())))
        .orElseGet(() -> Finding.good("gpu", "none; everything runs on the CPU"));
  }

  private static List<Finding> sandbox() {
    String advice = "programs that models write run in it; install the package %s";
    boolean namespaces = output("unshare", "--user", "true").isPresent();
    return List.of(
        Finding.of("bwrap", onPath("bwrap"), word(onPath("bwrap")), advice.formatted("bubblewrap")),
        Finding.of(
            "setpriv", onPath("setpriv"), word(onPath("setpriv")), advice.formatted("util-linux")),
        Finding.of(
            "user namespaces",
            namespaces,
            namespaces ? "allowed" : "refused",
            "the sandbox needs them; allow unprivileged user namespaces on the host"));
  }

  private static String word(boolean found) {
    return found ? "found" : "not found";
  }

  static boolean onPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(File.pathSeparator, -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /// The output of a program, or nothing if it is missing, fails or hangs.
  private static Optional<String> output(String... command) {
    if (!onPath(command[0])) {
      return Optional.empty();
    }
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      boolean ended = process.waitFor(10, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
        return Optional.empty();
      }
      String text = new String(process.getInputStream().readAllBytes(), UTF_8);
      return process.exitValue() == 0 ? Optional.of(text) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command[0], e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
