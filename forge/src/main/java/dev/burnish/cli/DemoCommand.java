package dev.burnish.cli;

import dev.burnish.script.Script;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `burnish demo [ARGUMENT]...`: the script `examples/SumDigits.java`.
@Command(
    name = "demo",
    description = "Post-train a small model on this CPU until it adds up digits.")
final class DemoCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "ARGUMENT",
      arity = "0..*",
      description = "Such as --set seed=7 and --config FILE.")
  private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws Exception {
    Path home = Path.of(System.getProperty("burnish.home", "."));
    Script.compile(home.resolve("examples/SumDigits.java")).run(arguments);
    return 0;
  }
}
