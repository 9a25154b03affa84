package dev.burnish.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The command that starts the fork server inside bubblewrap: the file system of all sandboxes.
///
/// There are `/usr/bin` and libraries, read-only and without set-user-id; the JVM; six devices that
/// hold nothing; and `/proc`, which each sandbox replaces by one of its own. There is no `/home`,
/// `/root`, `/sys`, `/run` or `/var`, and of `/etc` the list of libraries alone. The user is a user
/// of this machine without rights where it is started by root.
record Bubblewrap(HostPrograms programs) {
  /// Where programs find the JVM.
  static final String JAVA_HOME = "/opt/java";

  /// Where the fork server finds its files, until a sandbox covers it.
  static final String SHARED = "/tmp/link";

  private static final String USER = "1000";
  private static final List<String> DEVICES = List.of("null", "zero", "full", "random", "urandom");

  /// The whole command.
  ///
  /// @param folder with the files of the server
  /// @param user whose rights it has where this user is root
  List<String> command(Path folder, int user) {
    List<String> command = new ArrayList<>();
    programs
        .setpriv()
        .ifPresent(setpriv ->
            command.addAll(
                List.of(
                    setpriv.toString(),
                    "--reuid=" + user,
                    "--regid=" + user,
                    "--clear-groups",
                    "--inh-caps=-all",
                    "--no-new-privs")));
    command.add(programs.bubblewrap().toString());
    command.addAll(
        List.of("--unshare-user", "--unshare-all", "--die-with-parent", "--new-session"));
    command.addAll(
        List.of("--uid", USER, "--gid", USER, "--hostname", "sandbox", "--cap-drop", "ALL"));
    command.addAll(environment());
    command.addAll(files(folder));
    command.addAll(List.of("--remount-ro", "/", "--chdir", "/", "--"));
    command.addAll(List.of(programs.python().toString(), "-s", "-S", "-B"));
    command.add(SHARED + "/forkserver.py");
    return command;
  }

  /// The same whatever the environment of the JVM, so that results are too.
  private static List<String> environment() {
    List<String> words = new ArrayList<>(List.of("--clearenv"));
    List.of(
            "PATH=/usr/bin:/bin:" + JAVA_HOME + "/bin",
            "HOME=/tmp",
            "TMPDIR=/tmp",
            "USER=sandbox",
            "LANG=C.UTF-8",
            "TZ=UTC",
            "JAVA_HOME=" + JAVA_HOME,
            "PYTHONHASHSEED=0",
            "PYTHONDONTWRITEBYTECODE=1")
        .forEach(each -> {
          int equals = each.indexOf('=');
          words.addAll(List.of("--setenv", each.substring(0, equals), each.substring(equals + 1)));
        });
    return words;
  }

  private List<String> files(Path folder) {
    List<String> words = new ArrayList<>();
    Stream.concat(
            Stream.of(
                    "/usr/bin",
                    "/usr/lib",
                    "/usr/lib32",
                    "/usr/lib64",
                    "/usr/libexec",
                    "/usr/share/zoneinfo",
                    "/bin",
                    "/lib",
                    "/lib32",
                    "/lib64")
                .map(Path::of),
            programs.libraries())
        .forEach(path -> words.addAll(same(path)));
    words.addAll(List.of("--ro-bind", programs.java().toString(), JAVA_HOME));
    javaSettings().forEach(path -> words.addAll(same(path)));
    words.addAll(List.of("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"));
    words.addAll(List.of("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"));
    words.addAll(List.of("--ro-bind", folder.resolve("passwd").toString(), "/etc/passwd"));
    words.addAll(devices());
    words.addAll(List.of("--proc", "/proc", "--tmpfs", "/tmp"));
    words.addAll(List.of("--ro-bind", folder.toString(), SHARED, "--remount-ro", "/tmp"));
    return words;
  }

  /// A link stays a link, a folder is the same one, read-only.
  private static List<String> same(Path path) {
    try {
      if (Files.isSymbolicLink(path)) {
        return List.of("--symlink", Files.readSymbolicLink(path).toString(), path.toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Files.isDirectory(path)
        ? List.of("--ro-bind", path.toString(), path.toString())
        : List.of();
  }

  /// Debian keeps a JVM's settings in `/etc`.
  private Stream<Path> javaSettings() {
    try {
      Path settings = programs.java().resolve("conf").toRealPath();
      return settings.startsWith("/etc")
          ? Stream.of(settings.subpath(0, 2)).map(p -> Path.of("/").resolve(p))
          : Stream.empty();
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  private static List<String> devices() {
    List<String> words = new ArrayList<>(List.of("--tmpfs", "/dev"));
    DEVICES.forEach(name -> words.addAll(List.of("--dev-bind", "/dev/" + name, "/dev/" + name)));
    words.addAll(List.of("--symlink", "/proc/self/fd", "/dev/fd"));
    words.addAll(List.of("--symlink", "/proc/self/fd/0", "/dev/stdin"));
    words.addAll(List.of("--symlink", "/proc/self/fd/1", "/dev/stdout"));
    words.addAll(List.of("--symlink", "/proc/self/fd/2", "/dev/stderr"));
    words.addAll(List.of("--symlink", "/tmp", "/dev/shm", "--remount-ro", "/dev"));
    return words;
  }
}
