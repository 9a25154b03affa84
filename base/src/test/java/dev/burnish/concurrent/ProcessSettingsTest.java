package dev.burnish.concurrent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.host.CpuInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcessSettingsTest {
  private static final String AVX512_FLAGS =
      "fpu avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl avx512_bf16";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "AuthenticAMD, " + AVX512_FLAGS + ", SKYLAKEX",
    "GenuineIntel, " + AVX512_FLAGS + ", SKYLAKEX",
    "GenuineIntel, fpu avx2 fma avx512f avx512cd, HASWELL",
    "GenuineIntel, fpu avx2 fma, HASWELL",
    "AuthenticAMD, fpu avx2 fma, ZEN",
    "AuthenticAMD, fpu avx avx22 fma4, ''",
  })
  void choosesTheCoreByFeaturesAndAgreesWithTheLauncher(String vendor, String flags, String core)
      throws Exception {
    List<String> cpuInfo =
        List.of("processor\t: 0", "vendor_id\t: " + vendor, "flags\t\t: " + flags, "bugs\t\t:");
    assertThat(ProcessSettings.openBlasCore(CpuInfo.of(cpuInfo))).isEqualTo(core);
    assertThat(launcher(cpuInfo, Map.of("OMP_NUM_THREADS", "3", "OPENBLAS_NUM_THREADS", "3")))
        .isEqualTo(ProcessSettings.environment(3, Map.of(), CpuInfo.of(cpuInfo)));
  }

  @Test
  void theLauncherStartsItsJvmWithTheFlags() throws Exception {
    String flags =
        Files.readAllLines(Path.of("../burnish")).stream()
            .filter(line -> line.startsWith("jvm_flags='"))
            .findFirst()
            .orElseThrow();
    assertThat(flags.substring("jvm_flags='".length()).split("[ ']+"))
        .containsAll(ProcessSettings.flags());
  }

  @Test
  void keepsWhatTheUserHasSetAndAgreesWithTheLauncher() throws Exception {
    Map<String, String> chosen =
        Map.of(
            "OMP_NUM_THREADS", "1",
            "OPENBLAS_NUM_THREADS", "1",
            "OPENBLAS_CORETYPE", "NEHALEM",
            "OMP_WAIT_POLICY", "ACTIVE",
            "GLIBC_TUNABLES", "glibc.malloc.check=0");
    List<String> cpuInfo = List.of("flags : " + AVX512_FLAGS);
    assertThat(ProcessSettings.environment(1, chosen, CpuInfo.of(cpuInfo)))
        .containsAllEntriesOf(chosen)
        .isEqualTo(launcher(cpuInfo, chosen));
  }

  @Test
  void aWorkerGetsTheThreadsOfItsPlacementAndNotThoseOfItsParent() {
    assertThat(
            ProcessSettings.environment(
                2,
                Map.of("OMP_NUM_THREADS", "64", "OPENBLAS_NUM_THREADS", "64"),
                CpuInfo.of(List.of())))
        .containsEntry("OMP_NUM_THREADS", "2")
        .containsEntry("OPENBLAS_NUM_THREADS", "2")
        .containsEntry("OMP_WAIT_POLICY", "PASSIVE")
        .doesNotContainKey("OPENBLAS_CORETYPE");
  }

  @Test
  void theLauncherCountsNoMoreThreadsThanTheJvmSees() throws Exception {
    assertThat(Integer.parseInt(launcher(List.of(), Map.of()).get("OMP_NUM_THREADS")))
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }

  @Test
  void saysWhichSettingsThisProcessHas() {
    assertThat(ProcessSettings.inForce())
        .containsKeys("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY")
        .allSatisfy((name, value) -> assertThat(value).isNotEmpty());
  }

  @Test
  void refusesAProcessWithoutCores() {
    assertThatThrownBy(() -> ProcessSettings.environment(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cores=0");
  }

  /// The output of `burnish env` when only `variables` are set.
  private Map<String, String> launcher(List<String> cpuInfo, Map<String, String> variables)
      throws IOException, InterruptedException {
    Path file = Files.write(folder.resolve("cpuinfo"), cpuInfo);
    ProcessBuilder builder =
        new ProcessBuilder("sh", "../burnish", "env").redirectErrorStream(true);
    builder.environment().keySet().removeAll(ProcessSettings.inForce().keySet());
    builder.environment().keySet().remove("OPENBLAS_CORETYPE");
    builder.environment().putAll(variables);
    builder.environment().put("BURNISH_CPUINFO", file.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    Map<String, String> printed = new LinkedHashMap<>();
    output
        .lines()
        .map(line -> line.substring("export ".length()).split("=", 2))
        .forEach(pair -> printed.put(pair[0], pair[1].replace("'", "")));
    return printed;
  }
}
