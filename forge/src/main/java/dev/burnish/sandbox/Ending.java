package dev.burnish.sandbox;

/// How an execution ended.
public sealed interface Ending {
  /// One line for people, such as "exited with 1".
  String describe();

  /// The program ended by itself.
  ///
  /// @param code its status, 0 for success
  record Exited(int code) implements Ending {
    @Override
    public String describe() {
      return "exited with " + code;
    }
  }

  /// It reached its limit of time, by the clock or of the processors, and was killed.
  record TimedOut(Clock clock) implements Ending {
    /// The clock that ran out.
    public enum Clock {
      WALL,
      CPU
    }

    @Override
    public String describe() {
      return clock == Clock.WALL ? "timed out" : "timed out: no processor time is left";
    }
  }

  /// It needed more memory than it may have.
  record OutOfMemory() implements Ending {
    @Override
    public String describe() {
      return "out of memory";
    }
  }

  /// A signal ended it, its own or one of the kernel for a fault such as a wild pointer.
  record Killed(int signal) implements Ending {
    @Override
    public String describe() {
      return "killed by signal " + signal;
    }
  }

  /// It printed more than it may, and was killed; the beginning of its output is there.
  record OutputTooLong() implements Ending {
    @Override
    public String describe() {
      return "its output was too long";
    }
  }

  /// The sandbox failed, not the program: nothing is known of the program. Another execution may
  /// succeed; a sample that depends on this one is masked, it never scores 0.
  record Lost(String reason) implements Ending {
    @Override
    public String describe() {
      return "the sandbox was lost: " + reason;
    }
  }
}
