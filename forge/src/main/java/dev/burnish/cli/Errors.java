package dev.burnish.cli;

import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.TaskFailed;
import dev.burnish.concurrent.TerminalText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Turns an exception into one line and an exit status. An error that the user can fix (a value, a
/// file, the disk) gives 2; everything else gives 1, with the stack trace in a file that the line
/// names. `BURNISH_STACKTRACE=1` prints the stack trace of either.
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {
  @Override
  public int handleParseException(ParameterException e, String[] args) {
    print(e.getCommandLine(), Usage.message(e));
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception thrown, CommandLine line, ParseResult parsed) {
    Throwable e = unwrap(thrown);
    if (e instanceof Stopped) {
      return ExitCode.OK;
    }
    if (e instanceof StandardOutput.Lost) {
      return ExitCode.USAGE; // reported where it happened
    }
    if ("1".equals(System.getenv("BURNISH_STACKTRACE"))) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace, true));
      line.getErr().println(TerminalText.cleanLines(trace.toString()));
    }
    if (isInput(e)) {
      print(line, message(e));
      return ExitCode.USAGE;
    }
    print(
        line,
        e + "; this is a fault of Burnish or of the script, the stack trace is in " + keep(e));
    return ExitCode.SOFTWARE;
  }

  /// Whether the user can fix the error, by type alone: wrong arguments, files, and the exceptions
  /// of our own packages, which carry constraint, value and remedy. A call at the wrong time
  /// (IllegalStateException) is a bug in the program.
  static boolean isInput(Throwable e) {
    return e instanceof IllegalArgumentException
        || e instanceof UncheckedIOException
        || e instanceof FileSystemException
        || (e instanceof RuntimeException && e.getClass().getName().startsWith("dev.burnish."));
  }

  private static Throwable unwrap(Throwable thrown) {
    @Nullable Throwable cause = thrown.getCause();
    boolean wrapper =
        thrown instanceof TaskFailed
            || thrown instanceof java.lang.reflect.InvocationTargetException;
    return wrapper && cause != null ? unwrap(cause) : thrown;
  }

  private static String message(Throwable e) {
    String message = String.valueOf(e.getMessage());
    String text =
        e instanceof NoSuchFileException ? "there is no such file: file=" + message : message;
    return String.join(" ", text.lines().map(String::strip).toList());
  }

  private static String keep(Throwable e) {
    try {
      Path file = Files.createTempFile("burnish-", ".log");
      try (PrintWriter writer = new PrintWriter(Files.newBufferedWriter(file))) {
        e.printStackTrace(writer);
      }
      return file.toString();
    } catch (IOException unwritable) {
      e.printStackTrace();
      return "the lines above";
    }
  }

  private static void print(CommandLine line, String text) {
    line.getErr().println("burnish: " + TerminalText.cleanLines(text));
    line.getErr().flush();
  }
}
