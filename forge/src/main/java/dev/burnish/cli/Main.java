package dev.burnish.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `./burnish`: post-trains language models with reinforcement learning.
@Command(
    name = "burnish",
    mixinStandardHelpOptions = true,
    version = "burnish 0.1.0",
    description = "Post-trains language models with reinforcement learning.")
public final class Main implements Runnable {
  /// Runs the command in the arguments and exits with its status.
  public static void main(String... args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Command(name = "warm-up", hidden = true)
  void warmUp() {
    CommandLine line = new CommandLine(new Main());
    line.usage(System.out);
  }

  @Override
  public void run() {
    new CommandLine(this).usage(System.out);
  }
}
