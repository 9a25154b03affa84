package dev.burnish.sandbox;

import com.sun.security.auth.module.UnixSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The programs of this machine that a sandbox is made of.
///
/// @param setpriv drops the user's rights before anything else, where this user is root
/// @param shell that runs scripts
/// @param java home of the JVM that runs Java programs
record HostPrograms(Path bubblewrap, Path python, Optional<Path> setpriv, Path shell, Path java) {
  private static final List<String> FOLDERS = List.of("/usr/bin", "/bin", "/usr/local/bin");

  /// @throws SandboxUnavailable if one is missing, with the package that has it
  static HostPrograms find() {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new SandboxUnavailable(
          "a sandbox needs the namespaces of Linux: os.name="
              + System.getProperty("os.name")
              + "; trusted programs run without one by isolation NONE");
    }
    return new HostPrograms(
        require("bwrap", "bubblewrap", FOLDERS),
        require("python3", "python3", FOLDERS),
        isRoot() ? Optional.of(require("setpriv", "util-linux", FOLDERS)) : Optional.empty(),
        find("bash", FOLDERS).or(() -> find("sh", FOLDERS)).orElse(Path.of("/bin/sh")),
        Path.of(System.getProperty("java.home")));
  }

  static Path require(String name, String packageName, List<String> folders) {
    return find(name, folders)
        .orElseThrow(() ->
            new SandboxUnavailable(
                ("a sandbox needs %s, which is not in %s; install the package %s (apt-get install"
                        + " %s)")
                    .formatted(name, String.join(", ", folders), packageName, packageName)));
  }

  private static Optional<Path> find(String name, List<String> folders) {
    return folders.stream()
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /// The Python that a sandbox would run; where it has none, the one of the path.
  static String usualPython() {
    return find("python3", FOLDERS).map(Path::toString).orElse("python3");
  }

  static boolean isRoot() {
    return new UnixSystem().getUid() == 0;
  }

  /// Folders with interpreters and libraries that are on no usual path.
  Stream<Path> libraries() {
    return python.startsWith("/usr/local")
        ? Stream.of(Path.of("/usr/local/bin"), Path.of("/usr/local/lib"))
        : Stream.empty();
  }
}
