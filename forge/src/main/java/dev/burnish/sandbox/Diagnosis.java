package dev.burnish.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Why bubblewrap could not start, from its words and from the settings of the kernel.
final class Diagnosis {
  private Diagnosis() {}

  /// @param log that it wrote to standard error
  static SandboxUnavailable of(String log) {
    String said = log.strip().replace('\n', ' ');
    String cure = cure(log, Diagnosis::setting);
    return new SandboxUnavailable(
        "a sandbox could not be started: %s; %s"
            .formatted(said.isEmpty() ? "no reason given" : said, cure));
  }

  /// Reads a setting of the kernel, if there is one.
  interface Settings {
    Optional<String> read(String path);
  }

  /// The most likely reason, and its cure.
  static String cure(String log, Settings settings) {
    if (is(settings, "/proc/sys/kernel/unprivileged_userns_clone", "0")) {
      return "this kernel bars user namespaces for ordinary users: sysctl"
          + " kernel.unprivileged_userns_clone=1 allows them";
    }
    if (is(settings, "/proc/sys/user/max_user_namespaces", "0")) {
      return "this machine allows no user namespaces: raise sysctl user.max_user_namespaces";
    }
    if (is(settings, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")
        && log.contains("ermission denied")) {
      return "AppArmor bars user namespaces for programs without a profile: give bwrap one"
          + " (package apparmor-profiles), or set sysctl"
          + " kernel.apparmor_restrict_unprivileged_userns=0";
    }
    if (log.contains("mount proc") || log.contains("mount /proc")) {
      return "/proc is covered in part, as in a container: start the container with an uncovered"
          + " /proc (docker run --security-opt systempaths=unconfined)";
    }
    if (log.contains("Operation not permitted") || log.contains("No permissions to create")) {
      return "namespaces are barred here, as by the seccomp profile of a container: start the"
          + " container with one that allows unshare and mount (docker run --security-opt"
          + " seccomp=unconfined)";
    }
    return "`bwrap --ro-bind / / true` shows whether bubblewrap works at all";
  }

  private static boolean is(Settings settings, String path, String value) {
    return settings.read(path).filter(value::equals).isPresent();
  }

  private static Optional<String> setting(String path) {
    try {
      return Optional.of(Files.readString(Path.of(path)).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
