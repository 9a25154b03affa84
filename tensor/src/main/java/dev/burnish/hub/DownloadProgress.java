package dev.burnish.hub;

/// Hears how far a file is. Called from several threads at once.
@FunctionalInterface
public interface DownloadProgress {
  /// @param file name of the file in the model's repository
  /// @param bytes bytes that are here, those of an earlier attempt included
  /// @param total bytes of the whole file
  void advanced(String file, long bytes, long total);
}
