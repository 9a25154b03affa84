package dev.burnish.data;

import java.nio.file.Path;

/// The location of a data set.
///
/// @param path a file of JSON rows or a `.parquet` file, or a folder as Hugging Face lays it out
/// @param config of a folder that has several: `default` is the only one, or the one marked so
/// @param split of a folder
public record DataSource(Path path, String config, String split) {
  public static DataSource of(Path path) {
    return new DataSource(path, "default", "train");
  }

  public DataSource withConfig(String value) {
    return new DataSource(path, value, split);
  }

  public DataSource withSplit(String value) {
    return new DataSource(path, config, value);
  }
}
