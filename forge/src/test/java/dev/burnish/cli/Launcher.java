package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/// A project in a folder of its own, with the real launcher and, in place of Maven, a script that
/// notes each of its runs in `builds` and packs the classes that this test runs with.
final class Launcher {
  private static final String MAVEN =
      """
      #!/bin/sh
      echo "$@" >>builds
      [ ! -e broken ] || exit 1
      while [ -e hold ]; do sleep 0.05; done
      mkdir -p bench/target/quick forge/target/quick serve/target/quick mcp/target/quick
      cp classes.jar forge/target/quick/burnish-forge-1.jar
      cp server.jar serve/target/quick/burnish-serve-1.jar
      cp libraries bench/target/quick/libraries
      echo "$(cat libraries):$PWD/webserver.jar" >serve/target/quick/libraries
      cp server.jar mcp/target/quick/burnish-mcp-1.jar
      echo "$(cat libraries):$PWD/sdk.jar" >mcp/target/quick/libraries
      """;

  private static final List<String> TOOLS =
      List.of(
          ("awk basename cat chmod cmp cp cut date dirname env expr find flock getconf grep head id"
                  + " kill ln ls mkdir mktemp mv nproc od readlink rm sed sh sleep sort stat tail"
                  + " touch tr uname wc xargs")
              .split(" "));

  private final Path root;

  private Launcher(Path root) {
    this.root = root;
  }

  record Result(int status, String output) {}

  static Launcher in(Path root) throws IOException {
    Launcher launcher = new Launcher(root);
    Files.createDirectories(root.resolve(".mvn"));
    Files.createDirectories(root.resolve("forge/src/main/java"));
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    Files.writeString(root.resolve("forge/pom.xml"), "<project/>");
    Files.writeString(root.resolve("forge/src/main/java/A.java"), "class A {}");
    Files.copy(Path.of("../burnish"), root.resolve("burnish"));
    launcher.script("mvnw", MAVEN);
    launcher.pack();
    return launcher;
  }

  Path path(String relative) {
    return root.resolve(relative);
  }

  void script(String relative, String text) throws IOException {
    Path file = root.resolve(relative);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make executable: " + file);
    }
  }

  /// A folder that looks like a JDK; its `java` prints `name` and its arguments.
  Path jdk(String name, String version) throws IOException {
    script(name + "/bin/java", "#!/bin/sh\necho " + name + " \"$@\"\n");
    script(name + "/bin/javac", "#!/bin/sh\n");
    Files.writeString(
        path(name + "/release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
    return path(name);
  }

  /// A folder with the programs that the launcher needs, and without a JDK.
  Path tools() throws IOException {
    for (String place : List.of("/usr/bin", "/bin")) {
      for (String name : TOOLS) {
        Path program = Path.of(place, name);
        if (Files.isExecutable(program) && !Files.exists(path("tools/" + name))) {
          script("tools/" + name, "#!/bin/sh\nexec " + program + " \"$@\"\n");
        }
      }
    }
    return path("tools");
  }

  /// A caller that runs tests in the background may make them, and their children, ignore Ctrl-C.
  private static final class Signals {
    private static final List<String> SET = List.of("env", "--default-signal=INT,TERM");
    private static final List<String> PREFIX = canBeSet() ? SET : List.of();

    private Signals() {}

    private static boolean canBeSet() {
      List<String> command = new ArrayList<>(SET);
      command.add("true");
      try {
        return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
      } catch (IOException e) {
        return false;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  Process start(Map<String, String> environment, String... arguments) throws IOException {
    return builder(environment, arguments).start();
  }

  ProcessBuilder builder(Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(Signals.PREFIX);
    command.addAll(List.of("sh", path("burnish").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().putAll(environment);
    return builder;
  }

  Result run(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return result(start(environment, arguments));
  }

  Result run(String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), arguments);
  }

  static Result result(Process process) throws IOException, InterruptedException {
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Result(process.waitFor(), output);
  }

  long numBuilds() throws IOException {
    return Files.exists(path("builds")) ? Files.readAllLines(path("builds")).size() : 0;
  }

  /// Our classes into one jar, the libraries into a list, as the build leaves them.
  private void pack() throws IOException {
    for (String name : List.of("server.jar", "webserver.jar", "sdk.jar")) {
      try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(path(name)))) {
        jar.putNextEntry(new JarEntry(name + ".txt"));
      }
    }
    List<Path> libraries = new ArrayList<>();
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(path("classes.jar")))) {
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        Path path = Path.of(entry).toAbsolutePath();
        if (Files.isDirectory(path)) {
          add(jar, path);
        } else if (Files.exists(path)) {
          libraries.add(path);
        }
      }
    }
    Files.writeString(
        path("libraries"),
        String.join(File.pathSeparator, libraries.stream().map(Path::toString).toList()));
  }

  private static void add(JarOutputStream jar, Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (name.endsWith("package-info.class")) {
          continue;
        }
        try {
          jar.putNextEntry(new JarEntry(name));
          Files.copy(file, jar);
        } catch (java.util.zip.ZipException e) {
          throw new UncheckedIOException("two classes folders hold " + name, e);
        }
      }
    }
  }
}
