package dev.burnish.cli;

import dev.burnish.concurrent.ProcessSettings;
import dev.burnish.observe.HostFacts;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `./burnish`: the commands, their exit statuses and their errors.
///
/// 0 is success, 1 a failure of Burnish or of a check, 2 bad input, 130 an end by Ctrl-C.
@Command(
    name = "burnish",
    mixinStandardHelpOptions = true,
    scope = CommandLine.ScopeType.INHERIT,
    versionProvider = Main.Version.class,
    description = "Post-trains language models with reinforcement learning.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      GenerateCommand.class,
      ServeCommand.class,
      ConvertCommand.class,
      VerifyCommand.class,
      ReplayCommand.class,
      SandboxCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      JobCommands.Ps.class,
      JobCommands.Logs.class,
      JobCommands.Stop.class,
      JobCommands.WorkerCommand.class,
      CompletionCommand.class,
      WarmUpCommand.class
    })
public final class Main implements Runnable {
  static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec;

  /// Set by picocli.
  public Main() {
    spec = CommandSpec.create();
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String commit = System.getProperty("burnish.commit", "");
      return new String[] {
        "burnish " + HostFacts.version() + (commit.isEmpty() ? "" : " (" + commit + ")")
      };
    }
  }

  /// Runs the command in the arguments and exits with its status.
  public static void main(String... args) {
    StandardError.restore();
    StandardOutput.install();
    // Printed output is read by machines too: digits are ASCII, and the decimal separator is a
    // point.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    Interrupts.handle();
    System.exit(Interrupts.status(StandardOutput.status(status(args))));
  }

  private static int status(String... args) {
    try {
      int status = commandLine().execute(args);
      System.out.flush();
      return status;
    } catch (StandardOutput.Lost e) {
      return CommandLine.ExitCode.USAGE;
    }
  }

  static CommandLine commandLine() {
    Errors errors = new Errors();
    CommandLine line = new CommandLine(new Main());
    line.setExecutionStrategy(Main::execute)
        .setExecutionExceptionHandler(errors)
        .setParameterExceptionHandler(errors)
        .setCaseInsensitiveEnumValuesAllowed(true);
    line.getSubcommands()
        .forEach((name, command) -> {
          command.setStopAtPositional(name.equals("run"));
          command.setUnmatchedOptionsArePositionalParams(name.equals("demo"));
        });
    return line;
  }

  /// Help is printed here too, where no handler sees its errors.
  private static int execute(CommandLine.ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (StandardOutput.Lost e) {
      return CommandLine.ExitCode.USAGE; // reported where it happened
    }
  }

  @Command(name = "test", description = "Run the whole test suite and the quality gate.")
  int test() {
    spec.commandLine().getErr().println("burnish: the launcher runs the suite: ./burnish test");
    return CommandLine.ExitCode.USAGE;
  }

  @Command(name = "env", description = "Print the process settings, for a JVM of your own.")
  void env() {
    ProcessSettings.environment(Runtime.getRuntime().availableProcessors())
        .forEach((name, value) -> System.out.println("export " + name + "='" + value + "'"));
  }

  /// Without a command: the help.
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
