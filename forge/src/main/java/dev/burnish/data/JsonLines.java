package dev.burnish.data;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/// Files of one JSON object a line, in UTF-8; lines of white space are no rows.
final class JsonLines {
  private static final ObjectReader READER =
      JsonMapper.shared()
          .readerFor(JsonNode.class)
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonLines() {}

  static void read(Path file, DataFiles.Sink<?> sink) throws IOException {
    try (var input = open(file)) {
      byte[] line = nextLine(input);
      for (long number = 1; line.length > 0; number++) {
        accept(line, file.getFileName() + ":" + number, sink);
        line = nextLine(input);
      }
    }
  }

  private static void accept(byte[] line, String place, DataFiles.Sink<?> sink) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
      String json = text.startsWith("\uFEFF") ? text.substring(1) : text;
      if (json.isBlank()) {
        return;
      }
      JsonNode node = READER.readValue(json);
      if (node.isObject()) {
        sink.accept(new Row(node, place, sink.count()));
      } else {
        sink.reject(place, "a line is a JSON object: it is " + node.getNodeType());
      }
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
    return file.toString().endsWith(".gz")
        ? new BufferedInputStream(new GZIPInputStream(raw))
        : new BufferedInputStream(raw, 1 << 16);
  }
}
