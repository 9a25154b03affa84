package dev.burnish.store.volume;

import java.nio.file.Path;
import java.util.Optional;

/// Settings of a storage volume.
///
/// @param spill from memory to disk; without it all is in memory
public record VolumeSettings(Optional<Spill> spill) {
  /// Those that were read the longest ago go to files, which are read where they are.
  ///
  /// @param memoryBytes that stay in memory
  /// @param folder on a disk of the volume's host. Files in it have no names, so that nothing is
  ///   left of them however a process ends
  public record Spill(long memoryBytes, String folder) {
    /// @throws IllegalArgumentException if there are less than 0 bytes
    public Spill {
      if (memoryBytes < 0) {
        throw new IllegalArgumentException(
            "a volume must not have less than no memory: memoryBytes=" + memoryBytes);
      }
    }

    Path path() {
      return Path.of(folder);
    }
  }

  /// All in memory.
  public static VolumeSettings defaults() {
    return new VolumeSettings(Optional.empty());
  }

  /// The same with a limit on memory: the rest goes to files in a folder.
  public VolumeSettings withSpill(long memoryBytes, Path folder) {
    return new VolumeSettings(Optional.of(new Spill(memoryBytes, folder.toString())));
  }
}
