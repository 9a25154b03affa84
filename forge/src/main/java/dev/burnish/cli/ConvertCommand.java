package dev.burnish.cli;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.gguf.GgufConverter.Weights;
import dev.burnish.hub.HubOptions;
import dev.burnish.hub.ModelSource;
import dev.burnish.model.Conversion;
import dev.burnish.tensor.DType;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `burnish convert SOURCE TARGET`: a GGUF file to a folder, a folder to a GGUF file, or a folder
/// to a folder with another type of weights.
@Command(
    name = "convert",
    description = "Write a model as a folder in Hugging Face layout, or as a GGUF file.",
    sortOptions = false)
final class ConvertCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "SOURCE",
      description = "A .gguf file, a folder in Hugging Face layout, or hf:owner/name[@revision].")
  private String source = "";

  @Parameters(
      index = "1",
      paramLabel = "TARGET",
      description = "A name that ends in .gguf, or the folder to make, which must not exist.")
  private Path target = Path.of("");

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "How a GGUF file stores matrices: ${COMPLETION-CANDIDATES}; as the source if not given.")
  private @Nullable Weights type;

  @Option(
      names = "--dtype",
      paramLabel = "DTYPE",
      description =
          "The type of the weights in a folder: F32, F16 or BF16; if not given, that of the source,"
              + " and F32 for a GGUF file.")
  private @Nullable String dtype;

  @Override
  public Integer call() {
    Path model = ModelSource.resolve(source, HubOptions.fromEnvironment());
    if (target.toString().endsWith(".gguf")) {
      refuse("--dtype", dtype, "a folder", "--type");
      Conversion.toGguf(model, target, Optional.ofNullable(type));
    } else {
      refuse("--type", type, "a GGUF file", "--dtype");
      Conversion.toFolder(model, target, Optional.ofNullable(dtype).map(ConvertCommand::dtype));
    }
    System.out.println(TerminalOutput.made(TerminalText::clean).apply(target.toString()));
    return 0;
  }

  private static DType dtype(String name) {
    return DType.ofName(name)
        .filter(type -> type == DType.F32 || type == DType.F16 || type == DType.BF16)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "weights are stored as F32, F16 or BF16: --dtype=" + name));
  }

  private void refuse(String option, @Nullable Object value, String what, String other) {
    if (value != null) {
      throw new IllegalArgumentException(
          "%s is for %s: %s=%s target=%s; use %s"
              .formatted(option, what, option, value, target, other));
    }
  }
}
