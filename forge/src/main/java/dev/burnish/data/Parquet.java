package dev.burnish.data;

import dev.burnish.data.files.Compression;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.CompressionCodec;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.SchemaNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// Reads Parquet files as rows of the same form as JSON.
final class Parquet {
  private static final int START = 64;

  /// Logs the machine that it runs on, which nobody needs; kept, since loggers are held weakly.
  private static final Logger READER = Logger.getLogger("dev.hardwood");

  static {
    READER.setLevel(Level.WARNING);
  }

  private Parquet() {}

  static void read(Path file, DataFiles.Sink<?> sink) throws IOException {
    long number = 0;
    Set<CompressionCodec> codecs = EnumSet.noneOf(CompressionCodec.class);
    InputFile input = input(file);
    try (var reader = ParquetFileReader.open(input)) {
      codecs.addAll(codecs(reader));
      checkCodecs(file, codecs);
      SchemaNode schema = reader.getFileSchema().getRootNode();
      try (var rows = reader.rowReader()) {
        while (rows.hasNext()) {
          rows.next();
          var fields = JsonMapper.shared().valueToTree(struct(rows, schema));
          number++;
          sink.accept(new Row(fields, file.getFileName() + ":" + number, sink.count()));
        }
      }
    } catch (DataException e) {
      throw e;
    } catch (LinkageError e) {
      throw new DataException(
          "a Parquet file is in a codec that this machine unpacks: data=%s codec=%s; write it with zstd or snappy"
              .formatted(file, names(codecs)),
          e);
    } catch (IOException | RuntimeException e) {
      throw new DataException(
          "%s:%d: a Parquet file is whole: %s%s is damaged or cut off there; download it again"
              .formatted(
                  file.getFileName(),
                  number + 1,
                  file,
                  codecs.isEmpty() ? "" : " (codec=%s)".formatted(names(codecs))),
          e);
    }
  }

  /// The file, or its content where it is packed once more.
  private static InputFile input(Path file) throws IOException {
    byte[] start;
    try (var raw = Files.newInputStream(file)) {
      start = raw.readNBytes(START);
    }
    DataFiles.checkStart(file, start);
    if (new String(start, StandardCharsets.ISO_8859_1).startsWith("PAR1")) {
      return InputFile.of(file);
    }
    try (var unpacked = Compression.open(file)) {
      return InputFile.of(ByteBuffer.wrap(unpacked.readAllBytes()));
    }
  }

  private static Set<CompressionCodec> codecs(ParquetFileReader reader) {
    return reader.getFileMetaData().rowGroups().stream()
        .flatMap(group -> group.columns().stream())
        .map(column -> column.metaData().codec())
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(CompressionCodec.class)));
  }

  private static void checkCodecs(Path file, Set<CompressionCodec> codecs) {
    if (codecs.contains(CompressionCodec.LZO)) {
      throw new DataException(
          "a Parquet file is in the codec snappy, gzip, zstd, LZ4 or Brotli: data=%s codec=LZO; write it with zstd"
              .formatted(file));
    }
  }

  private static String names(Set<CompressionCodec> codecs) {
    return String.join(", ", codecs.stream().map(CompressionCodec::name).toList());
  }

  /// Null fields are left out: Parquet gives each message of a conversation the fields of all
  /// messages.
  private static Map<String, @Nullable Object> struct(StructAccessor struct, SchemaNode schema) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < struct.getFieldCount(); i++) {
      if (!struct.isNull(i)) {
        String name = struct.getFieldName(i);
        fields.put(name, plain(struct.getValue(i), child(schema, name)));
      }
    }
    return fields;
  }

  private static SchemaNode child(SchemaNode schema, String name) {
    return schema instanceof SchemaNode.GroupNode group
        ? group.children().stream()
            .filter(child -> child.name().equals(name))
            .findFirst()
            .orElse(schema)
        : schema;
  }

  private static @Nullable Object plain(@Nullable Object value, SchemaNode schema) {
    return switch (value) {
      case StructAccessor struct -> struct(struct, schema);
      case PqList list -> list(list, schema);
      case PqMap map -> map(map, schema);
      case Integer number when isUnsigned(schema) -> Integer.toUnsignedLong(number);
      case Long number when isUnsigned(schema) -> new BigInteger(Long.toUnsignedString(number));
      case null -> null;
      default -> value;
    };
  }

  private static boolean isUnsigned(SchemaNode schema) {
    return schema instanceof SchemaNode.PrimitiveNode primitive
        && primitive.logicalType() instanceof LogicalType.IntType type
        && !type.isSigned();
  }

  private static List<@Nullable Object> list(PqList list, SchemaNode schema) {
    SchemaNode element =
        schema instanceof SchemaNode.GroupNode group && group.isList()
            ? group.getListElement()
            : schema;
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      values.add(list.isNull(i) ? null : plain(list.get(i), element));
    }
    return values;
  }

  private static Map<String, @Nullable Object> map(PqMap map, SchemaNode schema) {
    SchemaNode ofValue =
        schema instanceof SchemaNode.GroupNode group && group.isMap()
            ? group.getMapValue()
            : schema;
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (PqMap.Entry entry : map.getEntries()) {
      values.put(String.valueOf(entry.getKey()), plain(entry.getValue(), ofValue));
    }
    return values;
  }
}
