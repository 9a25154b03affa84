package dev.burnish.cli;

import dev.burnish.config.Config;
import dev.burnish.script.Script;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// Run once by the launcher after a build, so that the JVM learns what a start needs: the help of
/// every command, a configuration, a script.
@Command(name = "warm-up", hidden = true)
final class WarmUpCommand implements Callable<Integer> {
  record Settings(int seed, double lr) {}

  @Override
  public Integer call() throws Exception {
    CommandLine line = Main.commandLine();
    line.usage(System.out);
    line.getSubcommands().values().forEach(command -> command.usage(System.out));
    System.out.println(
        Config.dump(Config.of(new Settings(1, 0.1)).withSettings(List.of("seed=2")).resolve()));
    return runScript();
  }

  private static int runScript() throws Exception {
    Path folder = Files.createTempDirectory("burnish");
    Path script = folder.resolve("Hello.java");
    try {
      Files.writeString(script, "void main(String... args) { IO.println(args.length); }");
      Script.compile(script).run(List.of());
      return 0;
    } finally {
      Files.deleteIfExists(script);
      Files.deleteIfExists(folder);
    }
  }
}
