package dev.burnish.data;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.StructAccessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// Parquet files as rows of the same form as JSON.
final class Parquet {
  private Parquet() {}

  static void read(Path file, DataFiles.Sink<?> sink) throws IOException {
    long number = 0;
    try (var reader = ParquetFileReader.open(InputFile.of(file));
        var rows = reader.rowReader()) {
      while (rows.hasNext()) {
        rows.next();
        number++;
        var fields = JsonMapper.shared().valueToTree(struct(rows));
        sink.accept(new Row(fields, file.getFileName() + ":" + number, sink.count()));
      }
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException | LinkageError e) {
      throw new DataException(
          "%s:%d: a Parquet file is whole and in a known codec: %s; download it again"
              .formatted(file.getFileName(), number + 1, e),
          e);
    }
  }

  /// Fields that are null are left out: Parquet gives each message of a conversation the fields of
  /// all.
  private static Map<String, @Nullable Object> struct(StructAccessor struct) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < struct.getFieldCount(); i++) {
      if (!struct.isNull(i)) {
        fields.put(struct.getFieldName(i), plain(struct.getValue(i)));
      }
    }
    return fields;
  }

  private static @Nullable Object plain(@Nullable Object value) {
    return switch (value) {
      case StructAccessor struct -> struct(struct);
      case PqList list -> list(list);
      case PqMap map -> map(map);
      case null -> null;
      default -> value;
    };
  }

  private static List<@Nullable Object> list(PqList list) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      values.add(list.isNull(i) ? null : plain(list.get(i)));
    }
    return values;
  }

  private static Map<String, @Nullable Object> map(PqMap map) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (PqMap.Entry entry : map.getEntries()) {
      values.put(String.valueOf(entry.getKey()), plain(entry.getValue()));
    }
    return values;
  }
}
