package dev.burnish.cli;

import dev.burnish.script.Script;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `burnish run SCRIPT.java [ARGUMENT]...`.
@Command(
    name = "run",
    description = "Compile and run a script; what follows its name is for the script.")
final class RunCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "SCRIPT.java", description = "A Java source file.")
  private Path script = Path.of("");

  @Parameters(
      index = "1..*",
      paramLabel = "ARGUMENT",
      description = "Such as --set key=value and --config FILE; --help shows all settings.")
  private List<String> arguments = new ArrayList<>();

  @Option(
      names = "--dry-run",
      description = "Say what memory and time a step of the script takes, and train nothing.")
  private boolean dryRun;

  @Override
  public Integer call() throws Exception {
    List<String> all = new ArrayList<>(arguments);
    if (dryRun) {
      all.add("--dry-run");
    }
    Script.compile(script).run(all);
    return 0;
  }
}
