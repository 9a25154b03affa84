package dev.burnish.cli;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.sandbox.CodeSandbox;
import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.EscapeProbe;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Language;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.sandbox.SandboxSettings;
import dev.burnish.sandbox.SandboxSettings.Isolation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `burnish sandbox FILE`: runs one program in a sandbox and prints what came of it. Status 0 if
/// the program exited with 0, 1 if it ended in any other way, 2 if it could not be run.
@Command(
    name = "sandbox",
    description =
        "Run a program where it can do no harm. Status 0 if it exits with 0, 1 if it ends in any"
            + " other way, 2 if it cannot be run.",
    sortOptions = false)
final class SandboxCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Subject subject = new Subject();

  static final class Subject {
    @Parameters(paramLabel = "FILE", description = "A program: .py, .java or .sh.")
    private @Nullable Path file;

    @Option(
        names = "--probe",
        description = "Instead: try to get out in every way that is known, and print each attempt.")
    private boolean probe;
  }

  @Option(names = "--stdin", paramLabel = "FILE", description = "Its standard input; else none.")
  private @Nullable Path stdin;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Of the clock and of processors, each; ${DEFAULT-VALUE} if not given.")
  private double seconds;

  @Option(
      names = "--megabytes",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "MiB of memory of all its processes, files included; ${DEFAULT-VALUE} if not given.")
  private int megabytes;

  @Option(
      names = "--processes",
      paramLabel = "N",
      defaultValue = "64",
      description = "Processes and threads at a time; ${DEFAULT-VALUE} if not given.")
  private int processes;

  @Option(
      names = "--output-bytes",
      paramLabel = "N",
      defaultValue = "1048576",
      description = "Of both outputs together; ${DEFAULT-VALUE} if not given.")
  private int outputBytes;

  @Option(
      names = "--language",
      paramLabel = "NAME",
      description = "${COMPLETION-CANDIDATES}; else by the extension of FILE.")
  private @Nullable Language language;

  @Option(
      names = "--isolation",
      paramLabel = "NAME",
      defaultValue = "BUBBLEWRAP",
      description =
          "${COMPLETION-CANDIDATES}; NONE runs a program that you trust with your own rights, and"
              + " limits time and output alone.")
  private Isolation isolation = Isolation.BUBBLEWRAP;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    return subject.probe || subject.file == null ? probe() : run(subject.file);
  }

  private int run(Path file) throws IOException {
    Program program = new Program(language(file), read(file), stdin == null ? "" : read(stdin));
    try (CodeSandbox sandbox = CodeSandbox.open(settings())) {
      Execution execution = sandbox.execute(program, limits());
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(
            TerminalText.escaped(JsonMapper.shared().writeValueAsString(object(execution))));
      } else {
        print(out, spec.commandLine().getErr(), execution);
      }
      out.flush();
      return execution.succeeded() ? 0 : 1;
    }
  }

  private Language language(Path file) {
    if (language != null) {
      return language;
    }
    return Language.ofFile(file.toString())
        .orElseThrow(() ->
            new IllegalArgumentException(
                "the extension of a program must be .py, .java or .sh: file=%s; or give --language"
                    .formatted(file)));
  }

  private static String read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString());
    }
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private SandboxSettings settings() {
    return new SandboxSettings(isolation, 1, 1);
  }

  private Limits limits() {
    return Limits.defaults()
        .withSeconds(seconds)
        .withMegabytes(megabytes)
        .withProcesses(processes)
        .withOutputBytes(outputBytes);
  }

  private static void print(PrintWriter out, PrintWriter err, Execution execution) {
    out.print(TerminalText.cleanLines(execution.stdout()));
    out.flush();
    err.print(TerminalText.cleanLines(execution.stderr()));
    err.printf(
        "burnish: %s; %.3f s, %.3f s of processors, %.1f MiB%n",
        execution.ending().describe(),
        execution.seconds(),
        execution.cpuSeconds(),
        execution.peakBytes() / (double) (1 << 20));
    err.flush();
  }

  static ObjectNode object(Execution execution) {
    ObjectNode object = JsonMapper.shared().createObjectNode();
    object.put("ended", name(execution.ending()));
    object.put("exitCode", execution.exitCode());
    object.put("stdout", execution.stdout());
    object.put("stderr", execution.stderr());
    object.put("seconds", execution.seconds());
    object.put("cpuSeconds", execution.cpuSeconds());
    object.put("memoryBytes", execution.peakBytes());
    object.put("detail", execution.ending().describe());
    return object;
  }

  private static String name(Ending ending) {
    return switch (ending) {
      case Ending.Exited _ -> "exited";
      case Ending.TimedOut _ -> "timed-out";
      case Ending.OutOfMemory _ -> "out-of-memory";
      case Ending.Killed _ -> "killed";
      case Ending.OutputTooLong _ -> "output-too-long";
      case Ending.Lost _ -> "lost";
    };
  }

  /// Status 1 if an attempt got through.
  private int probe() {
    List<EscapeProbe.Attempt> attempts = EscapeProbe.run(settings());
    PrintWriter out = spec.commandLine().getOut();
    for (EscapeProbe.Attempt attempt : attempts) {
      out.println(
          json
              ? TerminalText.escaped(JsonMapper.shared().writeValueAsString(attempt))
              : TerminalText.cleanLines(line(attempt)));
    }
    long blocked = attempts.stream().filter(EscapeProbe.Attempt::blocked).count();
    if (!json) {
      out.println("%d attempts, %d blocked".formatted(attempts.size(), blocked));
    }
    out.flush();
    return blocked == attempts.size() ? 0 : 1;
  }

  private static String line(EscapeProbe.Attempt attempt) {
    return "%-8s %s: %s"
        .formatted(attempt.blocked() ? "blocked" : "ESCAPED", attempt.name(), attempt.detail());
  }
}
