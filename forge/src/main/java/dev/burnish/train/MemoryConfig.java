package dev.burnish.train;

import dev.burnish.tensor.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory that training may take, and the places where state may go instead. No choice here
/// changes a number.
///
/// @param budget bytes that this process may have resident; 0 for as much as the machine has
///   available
/// @param offload whether the optimizer's state lives in a file and comes into memory part by part,
///   for its update: never, always, or auto, which is where it is large and the folder is on a disk
///   with room; a model on another device than the CPU keeps it there
/// @param folder of that file, which has no name and is gone with the process; the system's
///   temporary folder where empty
/// @param activations handling of those that memory has no room for
public record MemoryConfig(long budget, Offload offload, Path folder, Activations activations) {
  /// When the optimizer's state goes to a file.
  public enum Offload {
    NEVER,
    AUTO,
    ALWAYS
  }

  /// Handling of activations that are not kept in memory.
  public enum Activations {
    /// They are computed again in the backward: up to a third of a step's time.
    RECOMPUTE,
    /// They are written to a file in `folder` and read back. On the CPU only.
    OFFLOAD
  }

  /// State below this stays in memory: a file for it would not be worth the trouble.
  private static final long WORTH_A_FILE = 256 << 20;

  public MemoryConfig {
    if (budget < 0) {
      throw new IllegalArgumentException(
          "train.memory.budget is at least 0 (0: what is available): budget=" + budget);
    }
  }

  public static MemoryConfig defaults() {
    return new MemoryConfig(0, Offload.AUTO, Path.of(""), Activations.RECOMPUTE);
  }

  public MemoryConfig withBudget(long value) {
    return new MemoryConfig(value, offload, folder, activations);
  }

  public MemoryConfig withOffload(Offload value) {
    return new MemoryConfig(budget, value, folder, activations);
  }

  public MemoryConfig withFolder(Path value) {
    return new MemoryConfig(budget, offload, value, activations);
  }

  public MemoryConfig withActivations(Activations value) {
    return new MemoryConfig(budget, offload, folder, value);
  }

  Path offloadFolder() {
    return folder.toString().isEmpty() ? Path.of(System.getProperty("java.io.tmpdir")) : folder;
  }

  /// @throws IllegalArgumentException if a file is asked for
  void requireNothingInFiles(Device device) {
    if (offload == Offload.ALWAYS || activations == Activations.OFFLOAD) {
      throw new IllegalArgumentException(
          "only a model on the CPU has state in files: train.memory.offload=%s activations=%s device=%s; set offload=AUTO activations=RECOMPUTE"
              .formatted(offload, activations, device));
    }
  }

  /// Whether state of that size goes to the file.
  boolean offloads(long bytes) {
    return switch (offload) {
      case NEVER -> false;
      case ALWAYS -> true;
      case AUTO -> bytes >= WORTH_A_FILE && onDiskWithRoom(2 * bytes);
    };
  }

  private boolean onDiskWithRoom(long bytes) {
    try {
      Files.createDirectories(offloadFolder());
      FileStore store = Files.getFileStore(offloadFolder());
      return !store.type().equals("tmpfs") && store.getUsableSpace() >= bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot look at the folder for offloaded state: train.memory.folder=%s (%s)"
              .formatted(offloadFolder(), e.getMessage()),
          e);
    }
  }
}
