package dev.burnish.data;

import java.nio.file.Path;

/// Where a data set lies.
///
/// @param path a `.jsonl` or `.parquet` file, or a folder as Hugging Face lays it out
/// @param config of a folder that has several
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
