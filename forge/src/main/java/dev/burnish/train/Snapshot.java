package dev.burnish.train;

import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// The state of training on disk: `step-<n>/` with `weights.safetensors`, `optimizer.safetensors`
/// and `state.json`.
///
/// A snapshot appears whole or not at all: it is written to a hidden folder, forced to the disk and
/// renamed. `state.json` holds the digests of the other files, which are checked when it is loaded.
public final class Snapshot {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String WEIGHTS = "weights.safetensors";
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String STATE = "state.json";

  /// What a snapshot says besides tensors.
  ///
  /// @param step optimizer steps of the trainer
  /// @param notes what the run wants back, such as its own step and summary
  /// @param sha256 of each file, in hexadecimal
  public record State(long step, Map<String, String> notes, Map<String, String> sha256) {}

  private Snapshot() {}

  /// Writes a snapshot and removes all but the latest `keep`.
  ///
  /// @param folder that holds the snapshots of a run
  /// @param number that names it and orders it among the others
  /// @throws UncheckedIOException if it cannot be written; earlier ones are as they were
  public static Path save(
      Path folder, long number, Trainer trainer, Map<String, String> notes, int keep) {
    Path target = folder.resolve("step-%08d".formatted(number));
    Path partial = folder.resolve(".partial-step-%08d".formatted(number));
    try {
      delete(partial);
      Files.createDirectories(partial);
      try (TensorScope _ = TensorScope.open()) {
        SafetensorsWriter.write(partial.resolve(WEIGHTS), weights(trainer.model()), Map.of());
        SafetensorsWriter.write(partial.resolve(OPTIMIZER), moments(trainer), Map.of());
      }
      Map<String, String> digests = new TreeMap<>();
      digests.put(WEIGHTS, sha256(partial.resolve(WEIGHTS)));
      digests.put(OPTIMIZER, sha256(partial.resolve(OPTIMIZER)));
      State state = new State(trainer.stepsDone(), new TreeMap<>(notes), digests);
      Files.write(partial.resolve(STATE), JSON.writeValueAsBytes(state));
      force(partial.resolve(STATE), StandardOpenOption.WRITE);
      force(partial, StandardOpenOption.READ);
      delete(target);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      force(folder, StandardOpenOption.READ);
      for (Path old : all(folder).subList(0, Math.max(0, all(folder).size() - keep))) {
        delete(old);
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write a checkpoint: folder=%s (%s); free space on its disk".formatted(target, e),
          e);
    }
  }

  /// The snapshots of a folder, oldest first.
  public static List<Path> all(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(p -> p.getFileName().toString().startsWith("step-")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list folder=" + folder + ": " + e, e);
    }
  }

  /// The latest snapshot of a folder.
  public static Optional<Path> latest(Path folder) {
    List<Path> all = all(folder);
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /// What a snapshot says, without its tensors.
  public static State read(Path snapshot) {
    try {
      return JSON.readValue(Files.readAllBytes(snapshot.resolve(STATE)), State.class);
    } catch (JacksonException | IOException e) {
      throw new IllegalArgumentException(
          "a checkpoint has a readable state.json: checkpoint=%s (%s); resume from an earlier one"
              .formatted(snapshot, e.getMessage()),
          e);
    }
  }

  /// Puts weights, optimizer and step of a snapshot into a trainer of the same model.
  ///
  /// @throws IllegalArgumentException if a file is damaged or of another model; the trainer is then
  ///   not to be used
  public static State load(Path snapshot, Trainer trainer) {
    State state = read(snapshot);
    state
        .sha256()
        .forEach((name, digest) -> {
          if (!digest.equals(sha256(snapshot.resolve(name)))) {
            throw new IllegalArgumentException(
                "a checkpoint's files are as they were written: file=%s does not match its digest; resume from an earlier one"
                    .formatted(snapshot.resolve(name)));
          }
        });
    restore(snapshot.resolve(WEIGHTS), weights(trainer.model()));
    restore(snapshot.resolve(OPTIMIZER), moments(trainer));
    trainer.resumeAt(state.step());
    return state;
  }

  private static void restore(Path file, List<StoredTensor> targets) {
    try (Checkpoint stored = Checkpoint.open(file)) {
      for (StoredTensor target : targets) {
        if (!stored.contains(target.name())) {
          throw new IllegalArgumentException(
              "a checkpoint belongs to the model it resumes: file=%s lacks tensor=%s"
                  .formatted(file, target.name()));
        }
        stored.copyTo(target.name(), target.data());
      }
    }
  }

  /// Views of the weights themselves, of those that are trained.
  private static List<StoredTensor> weights(Decoder model) {
    List<StoredTensor> tensors = new ArrayList<>();
    List<Parameters> parts = model.trained();
    for (int i = 0; i < parts.size(); i++) {
      add(tensors, "part-" + i, parts.get(i).values());
    }
    return tensors;
  }

  private static List<StoredTensor> moments(Trainer trainer) {
    List<StoredTensor> tensors = new ArrayList<>();
    for (int i = 0; i < trainer.optimizer().first().size(); i++) {
      add(tensors, "first-" + i, trainer.optimizer().first().get(i));
      add(tensors, "second-" + i, trainer.optimizer().second().get(i));
    }
    return tensors;
  }

  /// An optimizer without moments has tensors of no elements for them, and a part of which nothing
  /// is trained for its weights.
  private static void add(List<StoredTensor> tensors, String name, Tensor values) {
    if (values.numElements() > 0) {
      tensors.add(flat(name, values));
    }
  }

  private static StoredTensor flat(String name, Tensor values) {
    return new StoredTensor(
        name, DType.F32, values.shape(), values.to(Device.CPU).contiguous().segment());
  }

  private static String sha256(Path file) {
    try (DigestInputStream input =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      byte[] buffer = new byte[1 << 20];
      while (input.read(buffer) >= 0) {}
      return HexFormat.of().formatHex(input.getMessageDigest().digest());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void force(Path path, StandardOpenOption mode) throws IOException {
    try (FileChannel channel = FileChannel.open(path, mode)) {
      channel.force(true);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> entries = Files.walk(folder)) {
        for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(entry);
        }
      }
    }
  }
}
