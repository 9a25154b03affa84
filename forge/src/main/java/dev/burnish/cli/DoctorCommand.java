package dev.burnish.cli;

import dev.burnish.concurrent.TerminalText;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/// `burnish doctor`: what this machine has, and what to do about what is missing or was left
/// behind. Status 1 if something is missing without which nothing works.
@Command(
    name = "doctor",
    description =
        "Say what this machine has, what is missing, and what killed processes have left.")
final class DoctorCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print a JSON array.")
  private boolean json;

  @Override
  public Integer call() {
    List<Finding> findings = Diagnosis.all();
    if (json) {
      System.out.println(JsonMapper.shared().writeValueAsString(findings));
    } else {
      findings.forEach(finding -> System.out.println(TerminalText.cleanLines(line(finding))));
    }
    return findings.stream().anyMatch(f -> f.verdict() == Finding.Verdict.BROKEN) ? 1 : 0;
  }

  private static String line(Finding finding) {
    String mark =
        switch (finding.verdict()) {
          case GOOD -> "ok     ";
          case LACKING -> "lacking";
          case BROKEN -> "BROKEN ";
        };
    String advice =
        finding.advice().isEmpty() ? "" : "\n" + " ".repeat(30) + "-> " + finding.advice();
    return "%s  %-20s %s%s".formatted(mark, finding.name(), finding.value(), advice);
  }
}
