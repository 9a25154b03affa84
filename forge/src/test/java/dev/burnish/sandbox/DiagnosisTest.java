package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Errors of a machine without a sandbox, each with its cure.
class DiagnosisTest {
  private static String cure(String log, Map<String, String> settings) {
    return Diagnosis.cure(log, path -> Optional.ofNullable(settings.get(path)));
  }

  @Test
  void namesThePackageOfAMissingProgram() {
    assertThatThrownBy(() -> HostPrograms.require("no-such-program", "a-package", List.of("/bin")))
        .isInstanceOf(SandboxUnavailable.class)
        .hasMessageContaining("needs no-such-program, which is not in /bin")
        .hasMessageContaining("install the package a-package");
  }

  @Test
  void tellsWhichSettingBarsUserNamespaces() {
    String denied = "bwrap: setting up uid map: Permission denied";
    assertThat(cure(denied, Map.of("/proc/sys/kernel/unprivileged_userns_clone", "0")))
        .contains("sysctl kernel.unprivileged_userns_clone=1");
    assertThat(cure(denied, Map.of("/proc/sys/user/max_user_namespaces", "0")))
        .contains("raise sysctl user.max_user_namespaces");
    assertThat(cure(denied, Map.of("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")))
        .contains("AppArmor");
  }

  @Test
  void tellsOfContainers() {
    String namespaces = "bwrap: Creating new namespace failed: Operation not permitted";
    assertThat(cure(namespaces, Map.of())).contains("seccomp=unconfined");
    String proc = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted";
    assertThat(cure(proc, Map.of())).contains("systempaths=unconfined");
  }

  @Test
  void repeatsTheWordsOfBubblewrap() {
    assertThat(Diagnosis.of("bwrap: no\nsuch thing\n").getMessage())
        .contains("bwrap: no such thing;");
    assertThat(Diagnosis.of("").getMessage()).contains("no reason given");
  }
}
