package dev.burnish.hub;

/// Receives the progress of a file. Called from several threads at once.
@FunctionalInterface
public interface DownloadProgress {
  /// @param file name of the file in the model's repository
  /// @param bytes bytes that are here, those of an earlier attempt included
  /// @param total bytes of the whole file
  void advanced(String file, long bytes, long total);

  /// Receives a one-line notice for the user: that a model of the cache is used since the hub does
  /// not answer. It goes to standard error unless told otherwise.
  default void notice(String line) {
    System.err.println("burnish: " + line);
  }
}
