package dev.burnish.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `burnish completion bash|zsh`.
@Command(
    name = "completion",
    description = "Print the completion script of a shell: source <(./burnish completion bash)")
final class CompletionCommand implements Callable<Integer> {
  enum Shell {
    BASH,
    ZSH
  }

  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
  private Shell shell = Shell.BASH;

  @Override
  public Integer call() {
    if (spec != null) {
      if (shell == Shell.ZSH) {
        spec.commandLine().getOut().println("autoload -U +X compinit && compinit");
      }
      String script = AutoComplete.bash("burnish", spec.root().commandLine());
      spec.commandLine().getOut().println(script);
    }
    return 0;
  }
}
