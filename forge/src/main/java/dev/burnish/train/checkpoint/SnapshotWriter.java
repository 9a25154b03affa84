package dev.burnish.train.checkpoint;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/// Writes the files of one checkpoint into a hidden folder and renames it.
final class SnapshotWriter {
  private final Path partial;
  private final TreeMap<String, String> digests = new TreeMap<>();

  private SnapshotWriter(Path partial) {
    this.partial = partial;
  }

  static String pieceFile(String piece) {
    return piece + ".safetensors";
  }

  /// The name of the piece that a file holds, if it holds one.
  static Optional<String> pieceOf(String file) {
    return file.endsWith(".safetensors")
        ? Optional.of(file.substring(0, file.length() - ".safetensors".length()))
        : Optional.empty();
  }

  static String sectionFile(String section) {
    return "section-" + section + ".bin";
  }

  /// Writes the checkpoint: when this returns, it is in `target` and on the disk; on failure,
  /// nothing is.
  static void write(Path target, long number, Pieces tensors, Map<String, byte[]> sections)
      throws IOException {
    Path partial = target.resolveSibling(".partial-" + target.getFileName());
    Folders.delete(partial);
    Files.createDirectories(partial);
    SnapshotWriter writer = new SnapshotWriter(partial);
    writer.pieces(tensors);
    writer.sections(sections);
    writer.manifest(number);
    FaultPoint.reach("checkpoint.whole");
    writer.replace(target);
  }

  private void pieces(Pieces tensors) throws IOException {
    for (int i = 0; i < tensors.count(); i++) {
      FaultPoint.reach("checkpoint.piece");
      Path file = partial.resolve(pieceFile(tensors.name(i)));
      tensors.read(i, list -> SafetensorsWriter.write(file, list, Map.of()));
      digest(file);
    }
  }

  private void sections(Map<String, byte[]> sections) throws IOException {
    for (Map.Entry<String, byte[]> section : sections.entrySet()) {
      FaultPoint.reach("checkpoint.section");
      Path file = partial.resolve(sectionFile(section.getKey()));
      Folders.write(file, section.getValue());
      digest(file);
    }
  }

  private void manifest(long number) throws IOException {
    FaultPoint.reach("checkpoint.manifest");
    Manifest manifest = new Manifest(number, digests);
    Folders.write(partial.resolve(Manifest.FILE), JsonMapper.shared().writeValueAsBytes(manifest));
    Folders.force(partial, StandardOpenOption.READ);
  }

  private void digest(Path file) throws IOException {
    digests.put(file.getFileName().toString(), Folders.sha256(file));
  }

  /// Moves a checkpoint of the same number out of the way; it comes back (see [Checkpoints#open])
  /// if this one does not get there.
  private void replace(Path target) throws IOException {
    Path old = target.resolveSibling(Checkpoints.REPLACED + target.getFileName());
    if (Files.exists(target)) {
      Folders.delete(old);
      Folders.rename(target, old);
      FaultPoint.reach("checkpoint.replaced");
    }
    Folders.rename(partial, target);
    FaultPoint.reach("checkpoint.renamed");
    Folders.delete(old);
  }
}
