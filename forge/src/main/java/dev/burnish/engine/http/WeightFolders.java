package dev.burnish.engine.http;

import dev.burnish.engine.WeightSource;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.ModelSpec;
import dev.burnish.nn.Canary;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PartValues;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Writes versions of a policy as folders in Hugging Face layout, from which servers of other
/// engines load them. An adaptation is part of what is written. The newest two stay. One caller at
/// a time.
public final class WeightFolders {
  private static final String PREFIX = "version-";
  private static final int KEPT = 2;

  private final ModelSpec spec;
  private final Optional<WeightSource> base;
  private final WeightSource versions;
  private final Path folder;

  /// A version in a folder, and what its publisher computed with it.
  record Written(long version, Path folder, Optional<Canary> canary) {}

  /// @param base the weights under an adaptation, where the policy is adapted
  /// @param versions of what is trained
  /// @param folder that the server sees under the same path
  public WeightFolders(
      ModelSpec spec, Optional<WeightSource> base, WeightSource versions, Path folder) {
    this.spec = spec;
    this.base = base;
    this.versions = versions;
    this.folder = folder.toAbsolutePath();
  }

  /// Writes the newest version in a range.
  ///
  /// @throws IllegalArgumentException if there is none
  Written write(VersionRange range) {
    try (WeightSource.Snapshot trained = versions.open(range)) {
      Path written = folder.resolve(PREFIX + trained.version());
      // The weights are written before config.json: with it they are whole.
      if (!Files.exists(written.resolve("config.json"))) {
        Files.createDirectories(written);
        save(trained, written);
      }
      removeOld();
      return new Written(trained.version(), written, trained.canary());
    } catch (IOException e) {
      throw new UncheckedIOException("weights cannot be written: folder=" + folder, e);
    }
  }

  private void save(WeightSource.Snapshot trained, Path target) {
    try (TensorScope _ = TensorScope.open()) {
      Weights own = weights(spec.trainedLayouts(), trained);
      if (base.isEmpty()) {
        save(spec.over(own, Optional.empty()), target);
        return;
      }
      try (WeightSource.Snapshot under = base.get().open(VersionRange.ANY)) {
        save(spec.over(weights(spec.layouts(), under), Optional.of(own)), target);
      }
    }
  }

  /// Weights as they are, in tensors of the present scope.
  private static Weights weights(List<FlatLayout> layouts, WeightSource.Snapshot snapshot) {
    List<Tensor> parts = snapshot.parts().stream().map(PartValues::unpacked).toList();
    return Weights.over(layouts, parts, snapshot.version());
  }

  private static void save(LanguageModel model, Path target) {
    try (model) {
      model.save(target);
    }
  }

  private void removeOld() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> old =
          all.filter(path -> path.getFileName().toString().matches(PREFIX + "\\d+"))
              .sorted(Comparator.comparingLong(WeightFolders::version).reversed())
              .skip(KEPT)
              .toList();
      for (Path path : old) {
        remove(path);
      }
    }
  }

  private static long version(Path path) {
    return Long.parseLong(path.getFileName().toString().substring(PREFIX.length()));
  }

  private static void remove(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
