package dev.burnish.cli;

import dev.burnish.hub.HubOptions;
import dev.burnish.hub.ModelSource;
import dev.burnish.verify.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/// `burnish verify`: compares what Burnish computes with recorded values. Status 1 if one differs.
@Command(
    name = "verify",
    description = "Compare a model, templates, losses or training with recorded values.",
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
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
        names = "--training",
        paramLabel = "FILE",
        description = "Recorded training of the model.")
    private @Nullable Path training;
  }

  @Override
  public Integer call() {
    List<Verdict> results = verify();
    for (Verdict result : results) {
      System.out.println(
          json
              ? JsonMapper.shared().writeValueAsString(result)
              : "%-4s %s  %s"
                  .formatted(result.passed() ? "ok" : "FAIL", result.name(), result.detail()));
    }
    return results.stream().allMatch(Verdict::passed) ? 0 : 1;
  }

  private List<Verdict> verify() {
    if (recorded.expected != null) {
      return Verdict.model(requireModel(), existing(recorded.expected));
    }
    if (recorded.training != null) {
      return Verdict.training(requireModel(), existing(recorded.training));
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
