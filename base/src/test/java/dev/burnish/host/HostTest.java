package dev.burnish.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostTest {
  @Test
  void readsTheFeaturesOfAProcessorByItsOwnNames() {
    CpuInfo intel =
        CpuInfo.of(
            List.of(
                "processor\t: 0",
                "vendor_id\t: GenuineIntel",
                "model\t\t: 85",
                "model name\t: Xeon",
                "flags\t\t: fpu  avx2 fma",
                "vendor_id\t: Other"));
    assertThat(intel.vendor()).isEqualTo("GenuineIntel");
    assertThat(intel.model()).isEqualTo("Xeon");
    assertThat(intel.features()).containsExactlyInAnyOrder("fpu", "avx2", "fma");
    assertThat(CpuInfo.of(List.of("Features\t: asimd sve")).features())
        .containsExactlyInAnyOrder("asimd", "sve");
    assertThat(CpuInfo.of(List.of())).isEqualTo(new CpuInfo("", "", java.util.Set.of()));
  }

  @Test
  void readsTheMemoryOfThisAndOfAnotherProcess() {
    assumeThat(Files.isReadable(Path.of("/proc/self/status"))).isTrue();
    long mine = ResidentMemory.now().orElseThrow();
    assertThat(mine).isGreaterThan(10L << 20);
    assertThat(ResidentMemory.peak().orElseThrow()).isGreaterThanOrEqualTo(mine / 2);
    assertThat(ResidentMemory.of(ProcessHandle.current().pid()).orElseThrow())
        .isBetween(mine / 4, mine * 4);
    assertThat(ResidentMemory.of(Long.MAX_VALUE)).isEmpty();
    assertThat(ResidentMemory.available().orElseThrow()).isPositive();
  }

  @Test
  void startsAJvmThatHasTheClassPathOfThisOne() throws Exception {
    JvmCommand command =
        JvmCommand.of(Speaker.class)
            .withFlags(List.of("-XX:TieredStopAtLevel=1"))
            .withFlags(List.of("-Dspoken=yes"))
            .withArguments(List.of("a b", "c"));
    Process process =
        new ProcessBuilder(command.words()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    assertThat(process.inputReader().readAllLines()).containsExactly("yes [a b, c]");
    assertThat(process.waitFor()).isZero();
  }

  /// Prints the arguments with which it was started.
  static final class Speaker {
    private Speaker() {}

    public static void main(String... arguments) {
      System.out.println(System.getProperty("spoken") + " " + List.of(arguments));
    }
  }
}
