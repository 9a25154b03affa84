package dev.burnish.env.code;

import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.tools.Description;
import dev.burnish.tools.ToolSet;
import dev.burnish.tools.ToolUnavailable;

/// A tool that runs Python in a sandbox. Nothing of one call is there in another.
@FunctionalInterface
public interface Python {
  /// Runs a program, and returns what it printed and how it ended. Time, memory and output that it
  /// takes too much of are told to the model.
  ///
  /// @throws ToolUnavailable if sandboxes failed
  @Description("Runs a Python 3 program in a sandbox without network, and returns what it prints")
  String python(
      @Description("it must print its results; nothing of earlier programs is left") String code);

  /// Python in the sandboxes of a coder.
  static Python in(SandboxedCoder coder, Limits limits) {
    return code -> {
      try {
        return told(TestRun.execute(coder, Program.python(code), limits));
      } catch (SandboxLost e) {
        throw new ToolUnavailable("Python must have a sandbox: " + e.getMessage(), e);
      }
    };
  }

  /// The tool `python`.
  static ToolSet tools(SandboxedCoder coder, Limits limits) {
    return ToolSet.of(Python.class, in(coder, limits));
  }

  private static String told(Execution execution) {
    StringBuilder told = new StringBuilder(execution.stdout());
    if (!execution.stderr().isBlank()) {
      told.append(told.isEmpty() || told.charAt(told.length() - 1) == '\n' ? "" : "\n")
          .append(execution.stderr());
    }
    if (!execution.ending().equals(new Ending.Exited(0))) {
      told.append("[%s]".formatted(execution.ending().describe()));
    }
    return told.isEmpty() ? "[it printed nothing]" : told.toString();
  }
}
