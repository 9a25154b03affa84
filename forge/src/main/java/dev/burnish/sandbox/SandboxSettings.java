package dev.burnish.sandbox;

/// How programs are run.
///
/// @param isolation what keeps them from the host
/// @param atOnce programs that run at a time; others wait
/// @param ready sandboxes that are made before they are needed; 0 makes each when it is
public record SandboxSettings(Isolation isolation, int atOnce, int ready) {
  /// The barrier between programs and the host.
  public enum Isolation {
    /// Namespaces by bubblewrap, system calls by seccomp, limits by the kernel and by a keeper.
    BUBBLEWRAP,
    /// Nothing: a program can do whatever this user can. Time and output are limited, nothing else.
    /// Only for programs that are trusted.
    NONE
  }

  public SandboxSettings {
    require("atOnce", atOnce, 1);
    require("ready", ready, 0);
  }

  /// Bubblewrap, one program per processor, as many sandboxes ready.
  public static SandboxSettings defaults() {
    int processors = Runtime.getRuntime().availableProcessors();
    return new SandboxSettings(Isolation.BUBBLEWRAP, processors, processors);
  }

  /// These with another isolation.
  public SandboxSettings withIsolation(Isolation other) {
    return new SandboxSettings(other, atOnce, ready);
  }

  /// These with another number at a time.
  public SandboxSettings withAtOnce(int programs) {
    return new SandboxSettings(isolation, programs, ready);
  }

  /// These with another number ready.
  public SandboxSettings withReady(int sandboxes) {
    return new SandboxSettings(isolation, atOnce, sandboxes);
  }

  private static void require(String name, int value, int least) {
    if (value < least || value > 1_000) {
      throw new IllegalArgumentException(
          "%s must lie in [%d, 1000]: %s=%d".formatted(name, least, name, value));
    }
  }
}
