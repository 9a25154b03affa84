package dev.burnish.cli;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.hub.HubOptions;
import dev.burnish.hub.ModelSource;
import dev.burnish.verify.Verdict;
import dev.burnish.verify.Verdict.Outcome;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// `burnish verify`: compares what Burnish computes with recorded values. Status 1 if one differs,
/// or there was nothing to compare.
@Command(
    name = "verify",
    description = "Compare a model, templates, losses, training or layouts with recorded values.",
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "With --expected and --training: a folder in Hugging Face layout, a .gguf file, or"
              + " hf:owner/name[@revision].")
  private @Nullable String model;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Recorded recorded = new Recorded();

  @Option(names = "--json", description = "Print a JSON object a check.")
  private boolean json;

  static final class Recorded {
    @Option(
        names = "--expected",
        paramLabel = "FILE",
        description = "Recorded logits and text of the model.")
    private @Nullable Path expected;

    @Option(names = "--templates", paramLabel = "FILE", description = "Recorded chat templates.")
    private @Nullable Path templates;

    @Option(names = "--losses", paramLabel = "FILE", description = "Recorded losses.")
    private @Nullable Path losses;

    @Option(
        names = "--reshard",
        paramLabel = "FILE",
        description = "Recorded digests of tensors that go from one layout to another.")
    private @Nullable Path reshard;

    @Option(
        names = "--training",
        paramLabel = "FILE",
        description = "Recorded training of the model.")
    private @Nullable Path training;
  }

  @Override
  public Integer call() {
    List<Verdict> results = verify();
    PrintWriter out = spec.commandLine().getOut();
    for (Verdict result : results) {
      out.println(
          json
              ? TerminalText.escaped(JsonMapper.shared().writeValueAsString(result))
              : TerminalText.cleanLines(line(result)));
    }
    if (!json) {
      out.println(summary(results));
    }
    out.flush();
    return Verdict.proven(results) ? 0 : 1;
  }

  /// Every case of resharding is checked, so their number says nothing of others.
  private String summary(List<Verdict> results) {
    String checked =
        "%d checked, %d differ"
            .formatted(
                count(results, Outcome.OK) + count(results, Outcome.FAIL),
                count(results, Outcome.FAIL));
    return recorded.reshard == null
        ? checked + ", %d not checked".formatted(count(results, Outcome.NOT_CHECKED))
        : checked;
  }

  private static String line(Verdict result) {
    String mark =
        switch (result.outcome()) {
          case OK -> "ok";
          case FAIL -> "FAIL";
          case NOT_CHECKED -> "-";
        };
    return "%-4s %s  %s%s"
        .formatted(
            mark,
            result.name(),
            result.outcome() == Outcome.NOT_CHECKED ? "not checked: " : "",
            result.detail());
  }

  private static long count(List<Verdict> results, Outcome outcome) {
    return results.stream().filter(result -> result.outcome() == outcome).count();
  }

  private List<Verdict> verify() {
    if (recorded.expected != null) {
      return Verdict.model(requireModel(), existing(recorded.expected));
    }
    if (recorded.training != null) {
      return Verdict.training(requireModel(), existing(recorded.training));
    }
    if (recorded.reshard != null) {
      return Verdict.resharding(existing(recorded.reshard));
    }
    if (recorded.templates != null) {
      return Verdict.templates(existing(recorded.templates));
    }
    return recorded.losses == null ? List.of() : Verdict.losses(existing(recorded.losses));
  }

  private static Path existing(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "there is no such file: file=%s; give recorded values".formatted(file));
    }
    return file;
  }

  private Path requireModel() {
    if (model == null) {
      throw new IllegalArgumentException(
          "recorded values of a model need it: model=none; give --model MODEL");
    }
    return ModelSource.resolve(model, HubOptions.fromEnvironment());
  }
}
