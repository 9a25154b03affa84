package dev.burnish.launch;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.stream.Stream;

/// Lets a child that was stopped (SIGSTOP) continue when its parent dies, where the operating
/// system supports it, which is Linux: a stopped process does not see the end of its standard
/// input, and would stay for good.
///
/// The receiver of the signal has to ask for it. `setpriv` of util-linux does so before it becomes
/// the JVM, in about a millisecond; where it is missing, the JVM does so as it starts, some tens of
/// milliseconds later, and is unprotected until then.
///
/// `setsid` before it takes the child out of the process group of the terminal: Ctrl-C is for the
/// parent, which ends its children in good order.
///
/// The kernel sends the signal also when the thread that started the child ends while the parent
/// lives on, as threads of a pool do: so it is one that a running process does not notice.
final class DeathSignal {
  private static final String ASK = "burnish.askForDeathSignal";

  /// Of `prctl`, and of signals.
  private static final int PR_SET_PDEATHSIG = 1;

  private static final int SIGCONT = 18;

  private DeathSignal() {}

  /// Located by parents alone: a child that looked for it would start a process.
  private static final class Setpriv {
    private static final List<String> SET = List.of("setsid", "setpriv", "--pdeathsig", "CONT");
    private static final List<String> PREFIX = isThere() ? SET : List.of();

    private Setpriv() {}

    private static boolean isThere() {
      try {
        return new ProcessBuilder(Stream.concat(SET.stream(), Stream.of("true")).toList())
                .redirectErrorStream(true)
                .start()
                .waitFor()
            == 0;
      } catch (IOException e) {
        return false;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /// The prefix of a child's command; empty where `setsid` or `setpriv` is missing.
  static List<String> prefix() {
    return Setpriv.PREFIX;
  }

  /// Flags of a JVM that is a child; it uses [#ask], where its command has no prefix.
  static List<String> flags() {
    return Setpriv.PREFIX.isEmpty() && System.getProperty("os.name").equals("Linux")
        ? List.of("-D" + ASK + "=true")
        : List.of();
  }

  /// Asks for the signal, if the parent said so. To be called by a thread that lives as long as the
  /// process: the kernel drops a thread's request when that thread ends.
  static void ask() {
    if (!Boolean.getBoolean(ASK)) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor type =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG);
    try {
      MethodHandle prctl =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("prctl"), type, Linker.Option.firstVariadicArg(1));
      int status = (int) prctl.invokeExact(PR_SET_PDEATHSIG, (long) SIGCONT);
      if (status != 0) {
        throw new IllegalStateException("prctl does not set the signal: status=" + status);
      }
    } catch (Throwable e) {
      System.err.println("a process that is stopped will outlive its parent: " + e);
    }
  }

  /// Resumes a process that was stopped; does nothing to any other.
  static void wake(long pid) {
    try {
      new ProcessBuilder("kill", "-CONT", Long.toString(pid)).start();
    } catch (IOException e) {
      System.getLogger(DeathSignal.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot wake process {0}: {1}", pid, e);
    }
  }
}
