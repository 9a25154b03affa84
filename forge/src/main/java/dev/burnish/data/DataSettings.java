package dev.burnish.data;

import java.nio.file.Path;
import java.util.function.Function;

/// The settings of every script that reads a data set. Inlined into a script's own record their
/// keys are `data`, `config`, `split` and `badRows`:
///
/// ```java
/// record Settings(@Inlined DataSettings rows, int batch) {}
/// ```
///
/// @param data a file of JSON rows or a `.parquet` file, or a folder as Hugging Face lays it out;
///   empty until it is set
/// @param config of a folder that has several
/// @param split of a folder
/// @param badRows handling of a row that cannot be read
public record DataSettings(Path data, String config, String split, DataFiles.OnBadRow badRows) {
  /// The training split; a bad row is an error; the data must be set.
  public static DataSettings defaults() {
    return new DataSettings(Path.of(""), "default", "train", DataFiles.OnBadRow.FAIL);
  }

  public DataSource source() {
    return DataSource.of(data).withConfig(config).withSplit(split);
  }

  /// Reads the rows.
  ///
  /// @param shape makes an example of a row
  public <T> Dataset<T> load(Function<Row, T> shape) {
    return DataFiles.load(source(), shape, badRows);
  }
}
