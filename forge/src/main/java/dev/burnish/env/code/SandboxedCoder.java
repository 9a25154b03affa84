package dev.burnish.env.code;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Idempotent;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.sandbox.SandboxSettings;

/// Runs programs in sandboxes: an object of this process, or replicas of a service on machines that
/// have nothing else to do.
///
/// ```java
/// var coder = run.replicas("coder", SandboxedCoder.class, SandboxedCoder::open, 2);
/// var execution = coder.execute(Program.python("print(6 * 7)"), Limits.defaults());
/// ```
///
/// As many programs run at a time in one replica as it has processors; others wait, which does not
/// count against their limits. The deadline of a call does count, so it is longer.
@FunctionalInterface
public interface SandboxedCoder {
  /// Runs a program until it ends or reaches a limit. How it ended is part of the result, a sandbox
  /// that was lost too. It may run twice if a replica is lost: nothing of a program is left.
  @Concurrent
  @Idempotent
  Execution execute(Program program, Limits limits);

  /// One in this process, by bubblewrap; closed with its actor.
  ///
  /// @throws dev.burnish.sandbox.SandboxUnavailable if this machine has no sandbox, with the cure
  static SandboxedCoder open() {
    return open(SandboxSettings.defaults());
  }

  /// One in this process, by the settings.
  static SandboxedCoder open(SandboxSettings settings) {
    return LocalCoder.open(settings);
  }
}
