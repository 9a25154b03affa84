package dev.burnish.controller.recording;

import dev.burnish.train.Checkpointed;
import dev.burnish.train.checkpoint.NamedPieces;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Where a replay begins: a checkpoint of the run, or the state of its beginning.
///
/// @param step after which it was taken
/// @param folder of the snapshot
public record ReplayStart(long step, Path folder) {
  /// The folder of a run with the trainer's state at its beginning.
  private static final String BEGINNING = "start";

  /// The largest state that is kept of the beginning, in bytes.
  private static final long MOST_KEPT = 256L << 20;

  private static final Pattern CHECKPOINT = Pattern.compile("step-(\\d{8,})");

  /// Keeps the state that a run begins with, if it is small, so that it can be replayed from there.
  ///
  /// @param run its folder
  /// @param trainers by their names in checkpoints
  /// @param bytes of their state
  /// @return why it is not kept, if so
  public static Optional<String> keep(Path run, Map<String, Checkpointed> trainers, long bytes) {
    if (bytes > MOST_KEPT) {
      return Optional.of(
          "the state of the beginning is too large to be kept (%d MB): burnish replay begins at the first checkpoint"
              .formatted(bytes >> 20));
    }
    Map<String, Supplier<Pieces>> pieces = new LinkedHashMap<>();
    Map<String, byte[]> sections = new LinkedHashMap<>();
    trainers.forEach((name, trainer) -> {
      pieces.put(name, trainer::freeze);
      sections.put(NamedPieces.nameOf(name, Checkpointed.SECTION), trainer.state());
    });
    Snapshot.write(run.resolve(BEGINNING), 0, NamedPieces.take(pieces), sections);
    return Optional.empty();
  }

  /// The snapshot that was asked for, or the earliest.
  ///
  /// @param from its step
  /// @param to the last step that is replayed
  /// @throws IllegalArgumentException if there is none, or it comes after the last step
  static ReplayStart find(Path run, OptionalLong from, long to) {
    NavigableMap<Long, Path> there = all(run);
    if (there.isEmpty()) {
      throw new IllegalArgumentException(
          "a replay must begin at a checkpoint: run=%s has none, and kept no state of its beginning; a run writes one at its end and at every checkpoints.every steps"
              .formatted(run));
    }
    long step = from.orElseGet(there::firstKey);
    if (!there.containsKey(step) || step > to) {
      throw new IllegalArgumentException(
          "a replay must begin at a checkpoint before its last step: from=%d to=%d checkpoints=%s; give one of them as --from"
              .formatted(step, to, there.keySet()));
    }
    return new ReplayStart(step, there.get(step));
  }

  private static NavigableMap<Long, Path> all(Path run) {
    NavigableMap<Long, Path> found = new TreeMap<>();
    Path beginning = run.resolve(BEGINNING);
    if (Files.isDirectory(beginning)) {
      found.put(0L, beginning);
    }
    Path checkpoints = run.resolve("checkpoints");
    if (Files.isDirectory(checkpoints)) {
      try (Stream<Path> entries = Files.list(checkpoints)) {
        entries.forEach(entry -> step(entry).ifPresent(number -> found.put(number, entry)));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read folder=" + checkpoints + ": " + e, e);
      }
    }
    return found;
  }

  private static Optional<Long> step(Path checkpoint) {
    Matcher matcher = CHECKPOINT.matcher(checkpoint.getFileName().toString());
    return matcher.matches() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
  }
}
