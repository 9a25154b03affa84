package dev.burnish.env.code;

import dev.burnish.concurrent.Scope;
import dev.burnish.rollout.Reward;
import dev.burnish.sandbox.Limits;
import java.util.List;

/// The worth of a completion that is a program: how many of the problem's tests it passes.
///
/// The target has the tests ([CodeTests]), and the program is the last fenced block of the
/// completion, or all of it. Right answers never enter a sandbox, so no program can read them. A
/// program that crashes, is too slow or takes too much fails the test; a sandbox that is lost
/// throws [SandboxLost], which masks the completion.
///
/// @param coder that runs programs
/// @param limits of each test
/// @param credit for passing some of the tests
public record UnitTestReward(SandboxedCoder coder, Limits limits, Credit credit)
    implements Reward, AutoCloseable {
  /// The reward for passing some of the tests.
  public enum Credit {
    /// Their share.
    SHARE,
    /// 0, and 1 for all. No further test is run after one that fails.
    ALL
  }

  /// With sandboxes of this process, closed with it, and the default limits: 1 for all tests.
  ///
  /// @throws dev.burnish.sandbox.SandboxUnavailable if this machine has no sandbox, with the cure
  public static UnitTestReward open() {
    return new UnitTestReward(SandboxedCoder.open(), Limits.defaults(), Credit.ALL);
  }

  /// @throws IllegalArgumentException if the target has no tests
  /// @throws SandboxLost if sandboxes failed
  @Override
  public double evaluate(String prompt, String completion, String target) {
    CodeTests tests = CodeTests.parse(target);
    TestRun run = new TestRun(coder, tests.language(), CodeAnswer.extract(completion), limits);
    return switch (credit) {
      case ALL -> tests.tests().stream().allMatch(run::passes) ? 1 : 0;
      case SHARE -> share(Scope.map(tests.tests(), run::passes));
    };
  }

  private static double share(List<Boolean> passed) {
    return passed.stream().filter(Boolean::booleanValue).count() / (double) passed.size();
  }

  /// Closes the coder if it is of this process.
  @Override
  public void close() {
    if (coder instanceof LocalCoder local) {
      local.close();
    }
  }
}
