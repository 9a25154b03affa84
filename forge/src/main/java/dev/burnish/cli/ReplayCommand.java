package dev.burnish.cli;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.controller.recording.Replay;
import dev.burnish.controller.recording.Replay.Range;
import dev.burnish.controller.recording.Replay.Verdict;
import dev.burnish.hub.HubOptions;
import dev.burnish.hub.ModelSource;
import dev.burnish.model.LanguageModel;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `burnish replay FOLDER`: trains a run again from what it recorded. Status 1 if weights come out
/// differently.
@Command(
    name = "replay",
    description =
        "Train a run again from its recorded batches, without generating, and compare the weights"
            + " after every step.",
    sortOptions = false)
final class ReplayCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FOLDER", description = "The folder of a run: runs/ID.")
  private Path folder = Path.of("");

  @Option(
      names = "--from",
      paramLabel = "STEP",
      description =
          "Begin at the checkpoint of this step; 0 is the beginning of the run, which is kept up to"
              + " 256 MB. The earliest there is if not given.")
  private @Nullable Long from;

  @Option(
      names = "--to",
      paramLabel = "STEP",
      description = "End after this step; the last that was recorded if not given.")
  private @Nullable Long to;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "there is no such run: folder=%s; give the folder of a run".formatted(folder));
    }
    PrintWriter out = spec.commandLine().getOut();
    Verdict verdict =
        Replay.of(
            folder,
            new Range(optional(from), optional(to)),
            source -> LanguageModel.load(ModelSource.resolve(source, HubOptions.fromEnvironment())),
            line -> print(out, line));
    print(out, line(verdict));
    return switch (verdict) {
      case Verdict.Same _ -> 0;
      case Verdict.Different _ -> 1;
    };
  }

  private static OptionalLong optional(@Nullable Long step) {
    return step == null ? OptionalLong.empty() : OptionalLong.of(step);
  }

  private static void print(PrintWriter out, String line) {
    out.println(TerminalText.clean(line));
    out.flush();
  }

  private static String line(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Same(long versions, int parts) ->
          "the same run: %d versions of the weights have the recorded digests, in %d %s each"
              .formatted(versions, parts, parts == 1 ? "part" : "parts");
      case Verdict.Different(
              String model,
              long version,
              int part,
              String parameter,
              long recorded,
              long computed) ->
          "DIFFERENT after step %d: %s, part %d, from %s on: recorded crc32c=%08x computed=%08x"
              .formatted(version, model, part, parameter, recorded, computed);
    };
  }
}
