package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.actor.ActorSystem.ActorStatus;
import dev.burnish.concurrent.TerminalText;
import dev.burnish.files.GivenFile;
import dev.burnish.mesh.host.HostAgent.ProcessStatus;
import dev.burnish.mesh.host.HostWorker;
import dev.burnish.mesh.host.JobControl.HostStatus;
import dev.burnish.mesh.host.JobControl.JobStatus;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.mesh.host.Jobs.Heard;
import dev.burnish.mesh.host.JoinTicket;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `burnish ps`, `logs`, `stop` and `worker`: the running jobs of this user, and hosts for them.
final class JobCommands {
  private JobCommands() {}

  /// The tree of every job.
  @Command(
      name = "ps",
      description = "Show the running jobs of this user: hosts, processes and actors.")
  static final class Ps implements Callable<Integer> {
    @Spec private CommandSpec spec;

    /// Set by picocli.
    Ps() {
      spec = CommandSpec.create();
    }

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      List<Heard> jobs = Jobs.all();
      if (jobs.isEmpty()) {
        out.println("no job of this user runs here");
      }
      jobs.forEach(heard -> print(heard, out));
      return 0;
    }

    private static void print(Heard heard, PrintWriter out) {
      switch (heard) {
        case Heard.Told(JobStatus status) -> print(status, out);
        case Heard.Silent(String job, String reason) ->
            out.println(TerminalText.clean(job + "  does not answer: " + reason));
      }
    }

    private static void print(JobStatus job, PrintWriter out) {
      out.printf(
          "%s  pid %d  %d MB  up %d s%n",
          TerminalText.clean(job.id()), job.pid(), job.residentMegabytes(), job.upMillis() / 1000);
      for (HostStatus host : job.hosts()) {
        out.printf("  %s%n", TerminalText.clean(host.host()));
        for (ProcessStatus process : host.processes()) {
          out.printf(
              "    %-22s pid %-8d %4d MB%n",
              TerminalText.clean(process.process()), process.pid(), process.residentMegabytes());
          process.actors().stream()
              .filter(actor -> !actor.type().startsWith("dev.burnish.mesh.host."))
              .forEach(actor -> print(actor, out));
        }
      }
      job.sections()
          .forEach(section -> {
            out.printf("  %s%n", TerminalText.clean(section.title()));
            section.lines().forEach(line -> out.printf("    %s%n", TerminalText.clean(line)));
          });
    }

    private static void print(ActorStatus actor, PrintWriter out) {
      out.printf(
          "      %-20s %-9s queue %-4d calls %-8d %.1f/s%n",
          TerminalText.clean(actor.name()) + "[" + actor.rank() + "]",
          TerminalText.clean(actor.state()),
          actor.numQueued(),
          actor.numCalls(),
          actor.callsPerSecond());
    }
  }

  /// Shows the last output of a process.
  @Command(name = "logs", description = "Show the last lines that a process of a job printed.")
  static final class Logs implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "JOB", description = "As ps shows it.")
    private String job = "";

    @Parameters(
        index = "1",
        paramLabel = "PROCESS",
        arity = "0..1",
        description = "As ps shows it; all if none is given.")
    private String process = "";

    @Spec private CommandSpec spec;

    /// Set by picocli.
    Logs() {
      spec = CommandSpec.create();
    }

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      List<String> processes =
          process.isEmpty()
              ? Jobs.status(job).hosts().stream()
                  .flatMap(host -> host.processes().stream().map(ProcessStatus::process))
                  .sorted()
                  .toList()
              : List.of(process);
      for (String each : processes) {
        Jobs.log(job, each)
            .forEach(line -> out.println(TerminalText.clean("[" + each + "] " + line)));
      }
      return 0;
    }
  }

  /// Ends a job.
  @Command(name = "stop", description = "End a job with all its processes.")
  static final class Stop implements Callable<Integer> {
    @Parameters(paramLabel = "JOB", description = "As ps shows it.")
    private String job = "";

    @Override
    public Integer call() {
      Jobs.stop(job);
      return 0;
    }
  }

  /// Lends this host to a job.
  @Command(
      name = "worker",
      description = "Lend this host to a job: start processes for its controller, until it ends.")
  static final class WorkerCommand implements Callable<Integer> {
    @Option(
        names = "--join",
        paramLabel = "FILE",
        required = true,
        description =
            "A file with the job's ticket, as Job.ticket() has it; - for standard input. Whoever"
                + " reads it can join.")
    private String ticket = "";

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "The name of this host in the job; its own if none is given.")
    private @Nullable String name;

    @Spec private CommandSpec spec;

    /// Set by picocli.
    WorkerCommand() {
      spec = CommandSpec.create();
    }

    @Override
    public Integer call() throws IOException {
      String text =
          ticket.equals("-")
              ? new String(System.in.readAllBytes(), UTF_8)
              : GivenFile.read(Path.of(ticket));
      String host = name == null ? InetAddress.getLocalHost().getHostName() : name;
      String why = HostWorker.serve(JoinTicket.parse(text), host);
      spec.commandLine().getErr().println("burnish: the job has ended: " + TerminalText.clean(why));
      return 0;
    }
  }
}
