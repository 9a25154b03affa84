package dev.burnish.sandbox;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How a program of a language is started, and how its output tells why it ended.
record Recipe(HostPrograms programs) {
  private static final int MEBIBYTE = 1 << 20;

  /// Inodes of a sandbox's files: each takes about a KiB that no limit of bytes counts.
  private static final int FILES = 4096;

  /// Address space beyond the limit on memory, for libraries and for what is reserved but unused.
  private static final int RESERVED_MEGABYTES = 256;

  /// The limits and the command, for the keeper.
  Map<String, Object> job(Program program, Limits limits) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("file", program.language().file());
    job.put("command", command(program.language(), limits));
    job.put("wallSeconds", limits.seconds());
    job.put("cpuSeconds", limits.cpuSeconds());
    job.put("megabytes", limits.megabytes());
    job.put("addressMegabytes", addressMegabytes(program.language(), limits));
    job.put("processes", limits.processes());
    job.put("outputBytes", limits.outputBytes());
    job.put("fileBytes", limits.fileBytes());
    job.put("files", FILES);
    job.put("openFiles", limits.openFiles());
    return job;
  }

  /// Empty for Python, which the fork server is.
  private List<String> command(Language language, Limits limits) {
    String file = "/tmp/" + language.file();
    return switch (language) {
      case PYTHON -> List.of();
      case SHELL -> List.of(programs.shell().toString(), file);
      case JAVA ->
          List.of(
              Bubblewrap.JAVA_HOME + "/bin/java",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-XX:-UsePerfData",
              "-XX:+ExitOnOutOfMemoryError",
              "-Xmx" + Math.max(16, limits.megabytes() / 2) + "m",
              "-XX:ReservedCodeCacheSize=32m",
              "-Dfile.encoding=UTF-8",
              "-Dstdout.encoding=UTF-8",
              "-Dstderr.encoding=UTF-8",
              file);
    };
  }

  /// 0 is no limit: a JVM reserves much more than it uses.
  private static int addressMegabytes(Language language, Limits limits) {
    return language == Language.JAVA ? 0 : limits.megabytes() + RESERVED_MEGABYTES;
  }

  /// How a program ended, from the keeper's answer.
  ///
  /// @param reason the limit that the keeper saw reached, or `exited`
  static Ending ending(Language language, String reason, int exit, int signal, String stderr) {
    return switch (reason) {
      case "wall" -> new Ending.TimedOut(Ending.TimedOut.Clock.WALL);
      case "cpu" -> new Ending.TimedOut(Ending.TimedOut.Clock.CPU);
      case "memory" -> new Ending.OutOfMemory();
      case "output" -> new Ending.OutputTooLong();
      case "exited" -> exited(language, exit, signal, stderr);
      default -> new Ending.Lost("its keeper gave no reason that is known: reason=" + reason);
    };
  }

  private static final int SIGXCPU = 24;

  private static Ending exited(Language language, int exit, int signal, String stderr) {
    if (signal == SIGXCPU) {
      return new Ending.TimedOut(Ending.TimedOut.Clock.CPU);
    }
    if (signal != 0) {
      return new Ending.Killed(signal);
    }
    return exit != 0 && saysOutOfMemory(language, stderr)
        ? new Ending.OutOfMemory()
        : new Ending.Exited(exit);
  }

  /// Interpreters end by themselves when they get no memory, and say so in their last line.
  private static boolean saysOutOfMemory(Language language, String stderr) {
    String text = stderr.strip();
    String last = text.substring(text.lastIndexOf('\n') + 1);
    return switch (language) {
      case PYTHON -> last.startsWith("MemoryError");
      case JAVA -> text.contains("java.lang.OutOfMemoryError");
      case SHELL -> last.endsWith("Cannot allocate memory");
    };
  }

  /// The most bytes that a sandbox's answer may have besides output.
  static int mostAnswerBytes() {
    return MEBIBYTE;
  }
}
