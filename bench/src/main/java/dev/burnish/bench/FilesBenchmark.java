package dev.burnish.bench;

import dev.burnish.model.LanguageModel;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// `files`: loading a model's safetensors, compared with reading the same bytes, all from the page
/// cache.
public final class FilesBenchmark implements Benchmark {
  private static final int CHUNK = 8 << 20;

  @Override
  public String name() {
    return "files";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    try {
      Path folder = Files.createTempDirectory("burnish-bench");
      try {
        measure(options, folder, out);
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a model to measure loading with: " + e, e);
    }
  }

  private static void measure(Options options, Path folder, Consumer<Measurement> out) {
    String label;
    try (Subject subject = Subject.load(options, 0)) {
      subject.model().save(folder);
      label = subject.label();
    }
    Path file = folder.resolve("model.safetensors");
    List<Double> load = Timing.seconds(1, 5, () -> LanguageModel.load(folder).close());
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    double chunks = Measurement.median(Timing.seconds(1, 5, () -> read(file, buffer)));
    double whole = Measurement.median(Timing.seconds(1, 5, () -> readWhole(file)));
    String name = "files/load/" + label;
    out.accept(Measurement.of(name, "s", whole, "reading the file into a tensor", load));
    out.accept(
        Measurement.of(
            name + " beside chunks", "s", chunks, "reading the file 8 MiB at a time", load));
  }

  private static void read(Path file, ByteBuffer buffer) {
    try (FileChannel channel = FileChannel.open(file)) {
      int read;
      do {
        read = channel.read(buffer.clear());
      } while (read >= 0);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  private static void readWhole(Path file) {
    try (FileChannel channel = FileChannel.open(file);
        Tensor bytes = Tensor.empty(DType.U8, Device.CPU, channel.size())) {
      ByteBuffer buffer = bytes.segment().asByteBuffer();
      int read;
      do {
        read = channel.read(buffer);
      } while (read >= 0 && buffer.hasRemaining());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
