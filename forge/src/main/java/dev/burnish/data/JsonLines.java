package dev.burnish.data;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/// Files of one JSON object a line, in UTF-8; lines of white space are no rows. A file that begins
/// with `[` is one array of objects instead.
final class JsonLines {
  private static final ObjectReader READER =
      JsonMapper.shared()
          .readerFor(JsonNode.class)
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /// The names of such files; the first group is what they were before they were packed.
  private static final Pattern NAME = Pattern.compile(".*\\.(jsonl|json)(\\.gz|\\.zst)?");

  private JsonLines() {}

  /// Whether a file of that name is one of these.
  static boolean isOne(String name) {
    return NAME.matcher(name).matches();
  }

  static void read(Path file, DataFiles.Sink<?> sink) throws IOException {
    if (isArray(file)) {
      readArray(file, sink);
      return;
    }
    try (var input = open(file)) {
      byte[] line = nextLine(input);
      for (long number = 1; line.length > 0; number++) {
        accept(line, file.getFileName() + ":" + number, sink);
        line = nextLine(input);
      }
    }
  }

  private static boolean isArray(Path file) throws IOException {
    try (var input = open(file)) {
      int first = input.read();
      while (first >= 0 && Character.isWhitespace(first)) {
        first = input.read();
      }
      return first == '[' && NAME.matcher(file.toString()).replaceFirst("$1").equals("json");
    }
  }

  private static void readArray(Path file, DataFiles.Sink<?> sink) throws IOException {
    try (var input = open(file);
        MappingIterator<JsonNode> nodes = READER.readValues(input)) {
      while (nodes.hasNextValue()) {
        JsonNode node = nodes.nextValue();
        String place = file.getFileName() + ":" + nodes.currentLocation().getLineNr();
        acceptNode(node, place, sink);
      }
    } catch (JacksonException e) {
      throw new DataException(
          "%s:%d: the file is one JSON array: %s; it may be truncated, download it again"
              .formatted(file, e.getLocation().getLineNr(), e.getOriginalMessage()),
          e);
    }
  }

  private static void acceptNode(JsonNode node, String place, DataFiles.Sink<?> sink) {
    if (node.isObject()) {
      sink.accept(new Row(node, place, sink.count()));
    } else {
      sink.reject(place, "a row is a JSON object: it is " + node.getNodeType());
    }
  }

  private static void accept(byte[] line, String place, DataFiles.Sink<?> sink) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
      String json = text.startsWith("\uFEFF") ? text.substring(1) : text;
      if (json.isBlank()) {
        return;
      }
      acceptNode(READER.readValue(json), place, sink);
    } catch (CharacterCodingException e) {
      sink.reject(place, "a line is UTF-8 text: it has bytes that are not");
    } catch (JacksonException e) {
      sink.reject(place, "a line is JSON: " + e.getOriginalMessage());
    }
  }

  /// The next line with its end; empty at the end of the file.
  private static byte[] nextLine(InputStream input) throws IOException {
    var line = new ByteArrayOutputStream();
    int next = input.read();
    while (next >= 0 && next != '\n') {
      line.write(next);
      next = input.read();
    }
    if (next == '\n') {
      line.write(next);
    }
    return line.toByteArray();
  }

  private static InputStream open(Path file) throws IOException {
    InputStream raw = Files.newInputStream(file);
    try {
      return new BufferedInputStream(unpacked(file.toString(), raw), 1 << 16);
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  private static InputStream unpacked(String name, InputStream raw) throws IOException {
    if (name.endsWith(".gz")) {
      return new GZIPInputStream(raw);
    }
    return name.endsWith(".zst") ? new ZstdInputStream(raw) : raw;
  }
}
