package dev.burnish.env.code;

import dev.burnish.sandbox.Limits;
import java.util.List;

/// A task on the files of a program: to mend it, or to add to it.
///
/// @param instruction to whoever does it
/// @param tree the files; shared by all rollouts, none of which changes it
/// @param tests that judge the work. Nobody who does it sees them, and their right answers enter no
///   sandbox
/// @param limits of each command, and of each test
public record SoftwareTask(
    String instruction, WorkTree tree, List<HiddenTest> tests, Limits limits) {
  /// A command that must print something in the tree, once the work is done.
  ///
  /// @param files that are added to the tree for it, over those of the same path
  /// @param stdout what the command must print, apart from white space at the ends of lines and of
  ///   the whole; it must exit with 0 too. So a program that only exits does not pass
  public record HiddenTest(String name, WorkTree files, String command, String stdout) {}

  /// The outcome of the work.
  ///
  /// @param difference to the files of the task, as a unified diff
  /// @param passed number of tests
  /// @param failed names of the others
  public record Result(String difference, int passed, List<String> failed) {
    public Result {
      failed = List.copyOf(failed);
    }

    /// The share of tests that passed.
    public double share() {
      return passed / (double) (passed + failed.size());
    }
  }

  public SoftwareTask {
    tests = List.copyOf(tests);
    if (tests.isEmpty()) {
      throw new IllegalArgumentException("a task must have a test: tests=0");
    }
  }
}
