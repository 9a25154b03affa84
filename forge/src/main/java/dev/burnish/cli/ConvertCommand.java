package dev.burnish.cli;

import dev.burnish.safetensors.GgufConverter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `burnish convert MODEL.gguf DIR`.
@Command(name = "convert", description = "Write a GGUF model in Hugging Face layout.")
final class ConvertCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL.gguf", description = "The file to read.")
  private Path gguf = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "DIR",
      description = "The folder to make; it must not exist.")
  private Path folder = Path.of("");

  @Override
  public Integer call() {
    if (!Files.isRegularFile(gguf)) {
      throw new IllegalArgumentException(
          "there is no such file: file=%s; give an existing .gguf file".formatted(gguf));
    }
    if (Files.exists(folder)) {
      throw new IllegalArgumentException(
          "the folder exists already: folder=%s; choose another or remove it".formatted(folder));
    }
    GgufConverter.convert(gguf, folder);
    System.out.println(folder);
    return 0;
  }
}
