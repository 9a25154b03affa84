package dev.burnish.train.checkpoint;

import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// A checkpoint on disk that was found whole: `step-<number>/` with one safetensors file per piece,
/// the bytes of each section, and `manifest.json` with their digests.
public final class Snapshot {
  private final Path folder;
  private final Manifest manifest;
  private final String owner;

  private Snapshot(Path folder, Manifest manifest, String owner) {
    this.folder = folder;
    this.manifest = manifest;
    this.owner = owner;
  }

  /// The pieces and sections of one owner among several, see [NamedPieces].
  public Snapshot ofOwner(String name) {
    return new Snapshot(folder, manifest, name);
  }

  /// Opens a checkpoint whose files all match their digests.
  ///
  /// @throws IllegalArgumentException if it is damaged
  public static Snapshot open(Path folder) {
    Optional<String> damage = damage(folder);
    if (damage.isPresent()) {
      throw new IllegalArgumentException(
          "a checkpoint's files are as they were written: checkpoint=%s (%s); resume from an earlier one"
              .formatted(folder, damage.get()));
    }
    return new Snapshot(folder, read(folder), "");
  }

  /// Writes a checkpoint: when this returns, it is in `target` and on the disk; on failure, nothing
  /// is.
  ///
  /// @param number the step after which it is taken
  /// @throws UncheckedIOException if it cannot be written
  public static void write(Path target, long number, Pieces tensors, Map<String, byte[]> sections) {
    try (tensors) {
      SnapshotWriter.write(target, number, tensors, sections);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write checkpoint=" + target + ": " + e, e);
    }
  }

  /// The damage of a checkpoint, if there is any.
  static Optional<String> damage(Path folder) {
    Manifest manifest;
    try {
      manifest = read(folder);
    } catch (JacksonException | UncheckedIOException e) {
      return Optional.of("manifest.json cannot be read: " + firstLine(e));
    }
    for (Map.Entry<String, String> file : manifest.sha256().entrySet()) {
      Path path = folder.resolve(file.getKey());
      if (!Files.isRegularFile(path)) {
        return Optional.of("file=%s is missing".formatted(file.getKey()));
      }
      if (!sha256(path).equals(file.getValue())) {
        return Optional.of("file=%s does not match its digest".formatted(file.getKey()));
      }
    }
    return Optional.empty();
  }

  private static Manifest read(Path folder) {
    Path file = folder.resolve(Manifest.FILE);
    try {
      return JsonMapper.shared().readValue(Files.readAllBytes(file), Manifest.class);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  private static String sha256(Path file) {
    try {
      return Folders.sha256(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /// The step after which it was taken.
  public long number() {
    return manifest.number();
  }

  public Path folder() {
    return folder;
  }

  /// The bytes of a section, where the checkpoint has it.
  public Optional<byte[]> section(String name) {
    String file = SnapshotWriter.sectionFile(NamedPieces.nameOf(owner, name));
    if (!manifest.sha256().containsKey(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readAllBytes(folder.resolve(file)));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + folder.resolve(file) + ": " + e, e);
    }
  }

  /// Copies the tensors of a piece into tensors of the same names and shapes, on any device.
  ///
  /// @throws IllegalArgumentException if the checkpoint is of something else
  public void copyTo(String piece, Map<String, Tensor> targets) {
    String name = NamedPieces.nameOf(owner, piece);
    Path file = folder.resolve(SnapshotWriter.pieceFile(name));
    if (!manifest.sha256().containsKey(SnapshotWriter.pieceFile(name))) {
      throw new IllegalArgumentException(
          "a checkpoint belongs to the model it resumes: checkpoint=%s lacks piece=%s; resume with the settings of the run"
              .formatted(folder, name));
    }
    try (Checkpoint stored = Checkpoint.open(file)) {
      targets.forEach((tensor, target) -> copy(stored, file, tensor, target));
    }
  }

  private static void copy(Checkpoint stored, Path file, String name, Tensor target) {
    if (!stored.contains(name) || !Arrays.equals(stored.shape(name), target.shape())) {
      throw new IllegalArgumentException(
          "a checkpoint belongs to the model and the optimizer it resumes: file=%s has no tensor=%s of shape=%s; resume with the settings of the run"
              .formatted(file, name, Arrays.toString(target.shape())));
    }
    StoredTensor source = stored.get(name);
    try (Tensor view = Tensor.wrap(source.data(), source.dtype(), source.shape())) {
      target.copy_(view);
    }
  }
}
