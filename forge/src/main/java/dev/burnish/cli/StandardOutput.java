package dev.burnish.cli;

import dev.burnish.concurrent.Stop;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Serial;
import java.nio.charset.Charset;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/// Standard output whose errors count: a [PrintStream] swallows its own, so that a program
/// continues to compute for a reader that has left, or reports success for half a file.
///
/// A command ends with its first error. A loop that listens to [Stop], as a run does, continues:
/// its results are in its folder, and hours of training are worth more than lines that nobody
/// reads. In either case the process ends with [#status].
final class StandardOutput {
  /// The status of a program that SIGPIPE ended.
  private static final int BROKEN_PIPE = 141;

  private static final AtomicReference<Optional<IOException>> FAILURE =
      new AtomicReference<>(Optional.empty());

  private StandardOutput() {}

  /// Thrown where output could not be written.
  static final class Lost extends RuntimeException {
    @Serial private static final long serialVersionUID = 1;

    Lost(IOException cause) {
      super("cannot write to standard output: " + cause.getMessage(), cause);
    }
  }

  /// Replaces `System.out`.
  static void install() {
    OutputStream out = new Checked(new FileOutputStream(FileDescriptor.out), Stop::listening);
    System.setOut(new PrintStream(new BufferedOutputStream(out), true, charset()));
  }

  private static Charset charset() {
    return Charset.forName(
        System.getProperty("stdout.encoding", "UTF-8"), Charset.defaultCharset());
  }

  /// Ends a loop that has continued although its output is its only result.
  ///
  /// @throws Lost if something could not be written
  static void requireWhole() {
    FAILURE
        .get()
        .ifPresent(e -> {
          throw new Lost(e);
        });
  }

  /// The exit status of a process whose work ended with `own`: another one if its output is
  /// incomplete.
  static int status(int own) {
    return FAILURE
        .get()
        .map(e -> isBrokenPipe(e) ? BROKEN_PIPE : picocli.CommandLine.ExitCode.USAGE)
        .orElse(own);
  }

  private static boolean isBrokenPipe(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("Broken pipe") || message.contains("Connection reset");
  }

  private static void failed(IOException e, boolean goesOn) {
    if (FAILURE.compareAndSet(Optional.empty(), Optional.of(e))) {
      if (goesOn) {
        System.err.println(
            "burnish: cannot write to standard output (%s); the run goes on without it, see its folder"
                .formatted(e.getMessage()));
      } else if (!isBrokenPipe(e)) {
        System.err.println(
            "burnish: cannot write: file=standard output (%s); free space on its disk or choose another file"
                .formatted(e.getMessage()));
      }
    }
    if (!goesOn) {
      // The thread that writes may not be the one that waits for the work.
      Thread.ofPlatform().daemon().name("exit").start(() -> System.exit(status(0)));
      throw new Lost(e);
    }
  }

  /// Bytes to a file, until one of them fails.
  static final class Checked extends OutputStream {
    private final OutputStream file;
    private final BooleanSupplier goesOn;
    private boolean failed;

    Checked(OutputStream file, BooleanSupplier goesOn) {
      this.file = file;
      this.goesOn = goesOn;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) {
      if (failed && goesOn.getAsBoolean()) {
        return;
      }
      try {
        file.write(bytes, from, count);
      } catch (IOException e) {
        failed = true;
        failed(e, goesOn.getAsBoolean());
      }
    }
  }
}
