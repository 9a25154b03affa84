package dev.burnish.data;

import dev.burnish.data.JsonText.Malformed;
import dev.burnish.data.files.Compression;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// Files of JSON objects in UTF-8, whatever they are called: one per line, several per line, or
/// each over several lines; lines of white space are not rows. A file that begins with `[` is one
/// array of objects, or of texts, instead.
final class JsonLines {
  private static final int PEEK = 1 << 16;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final Path file;
  private final InputStream input;
  private final DataFiles.Sink<?> sink;
  private final Deque<Line> again = new ArrayDeque<>();
  private long numLines;

  private JsonLines(Path file, InputStream input, DataFiles.Sink<?> sink) {
    this.file = file;
    this.input = input;
    this.sink = sink;
  }

  /// A line that is not white space, or the rest of one, without a byte order mark.
  private record Line(String text, long number) {}

  static void read(Path file, DataFiles.Sink<?> sink) throws IOException {
    try (var input = new BufferedInputStream(Compression.open(file), PEEK)) {
      byte[] start = peek(input);
      DataFiles.checkStart(file, start);
      var lines = new JsonLines(file, input, sink);
      String text = new String(start, StandardCharsets.UTF_8).stripLeading();
      if (withoutMark(text).stripLeading().startsWith("[")) {
        lines.readArray();
      } else {
        lines.readLines();
      }
    }
  }

  private static byte[] peek(BufferedInputStream input) throws IOException {
    input.mark(PEEK);
    byte[] start = input.readNBytes(PEEK);
    input.reset();
    return start;
  }

  private static String withoutMark(String text) {
    return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
  }

  private void readArray() throws IOException {
    Reader reader = new InputStreamReader(input, StandardCharsets.UTF_8.newDecoder());
    try (var values = JsonText.of(new MarkSkipping(reader))) {
      values.enterArray();
      boolean texts = false;
      long number = 0;
      for (var next = values.next(); next.isPresent(); next = values.next()) {
        number++;
        JsonText.Value value = next.get();
        texts |= number == 1 && value.node().isString();
        boolean sameLine = value.line() == 1 && number > 1;
        String place = place(value.line()) + (sameLine ? " (row %d)".formatted(number) : "");
        accept(texts ? ofText(value) : value, place);
      }
      if (values.next().isPresent()) {
        throw notOneArray(values.line(), "something follows it");
      }
    } catch (Malformed e) {
      throw notOneArray(e.line(), e.reason());
    }
  }

  private DataException notOneArray(int line, String reason) {
    return new DataException(
        "%s:%d: the file is one JSON array: %s; it may be truncated, download it again"
            .formatted(file, line, reason));
  }

  private static JsonText.Value ofText(JsonText.Value value) {
    JsonNode row =
        value.node().isString()
            ? JsonNodeFactory.instance.objectNode().set("text", value.node())
            : value.node();
    return new JsonText.Value(row, value.line(), value.twice());
  }

  private String place(long line) {
    return file.getFileName() + ":" + line;
  }

  private void accept(JsonText.Value value, String place) {
    JsonNode node = value.node();
    if (!node.isObject()) {
      sink.reject(place, "a row is a JSON object: it is " + node.getNodeType());
    } else if (value.twice().isPresent()) {
      sink.reject(
          place, "a field is in an object once: '%s' is twice".formatted(value.twice().get()));
    } else {
      sink.accept(new Row(node, place, sink.count()));
    }
  }

  private void readLines() throws IOException {
    for (var line = nextLine(); line.isPresent(); line = nextLine()) {
      try {
        for (JsonText.Value value : JsonText.values(line.get().text())) {
          accept(value, place(line.get().number()));
        }
      } catch (Malformed e) {
        if (e.incomplete()) {
          readOverLines(line.get(), e);
        } else {
          sink.reject(place(line.get().number()), "a line is JSON: " + e.reason());
        }
      }
    }
  }

  /// Reads one value that begins on a line and may end on a later one. Whatever follows it there is
  /// read next.
  private void readOverLines(Line first, Malformed alone) throws IOException {
    var lines = new Following(first);
    try (var values = JsonText.of(lines)) {
      values.next().ifPresent(value -> accept(value, place(first.number())));
      Line last = lines.pulled.getLast();
      long after = lines.given - values.length();
      String rest = last.text().substring((int) (last.text().length() - after));
      if (!rest.isBlank()) {
        again.push(new Line(rest, last.number()));
      }
    } catch (Malformed e) {
      sink.reject(place(first.number()), "a line is JSON: " + reason(alone, e, lines));
      lines.pulled.stream().skip(1).toList().reversed().forEach(again::push);
    }
  }

  private static String reason(Malformed alone, Malformed e, Following lines) {
    int index = Math.clamp(e.line() - 1L, 0, lines.pulled.size() - 1);
    return e.incomplete()
        ? alone.reason()
        : "%s, and line %d does not go on with it"
            .formatted(alone.reason(), lines.pulled.get(index).number());
  }

  /// The next line that is not white space. One that is not UTF-8 is a bad row.
  private Optional<Line> nextLine() throws IOException {
    if (!again.isEmpty()) {
      return Optional.of(again.pop());
    }
    for (byte[] bytes = nextBytes(); bytes.length > 0; bytes = nextBytes()) {
      numLines++;
      try {
        var decoder = StandardCharsets.UTF_8.newDecoder();
        String text = withoutMark(decoder.decode(ByteBuffer.wrap(bytes)).toString());
        if (!text.isBlank()) {
          return Optional.of(new Line(text, numLines));
        }
      } catch (CharacterCodingException e) {
        sink.reject(place(numLines), "a line is UTF-8 text: it has bytes that are not");
      }
    }
    return Optional.empty();
  }

  /// The next line with its end; empty at the end of the file.
  private byte[] nextBytes() throws IOException {
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

  /// A line and the lines after it, each read when it is asked for.
  private final class Following extends Reader {
    private final List<Line> pulled = new ArrayList<>();
    private int taken;
    private long given;

    Following(Line first) {
      pulled.add(first);
      given = first.text().length();
    }

    @Override
    public int read(char[] chars, int offset, int length) throws IOException {
      if (taken == pulled.getLast().text().length()) {
        Optional<Line> next = nextLine();
        if (next.isEmpty()) {
          return -1;
        }
        pulled.add(next.get());
        given += next.get().text().length();
        taken = 0;
      }
      String line = pulled.getLast().text();
      int count = Math.min(length, line.length() - taken);
      line.getChars(taken, taken + count, chars, offset);
      taken += count;
      return count;
    }

    @Override
    public void close() {}
  }

  /// A text without its byte order mark.
  private static final class MarkSkipping extends FilterReader {
    private boolean begun;

    MarkSkipping(Reader reader) {
      super(reader);
    }

    @Override
    public int read(char[] chars, int offset, int length) throws IOException {
      int count = super.read(chars, offset, length);
      if (!begun && count > 0 && chars[offset] == BYTE_ORDER_MARK) {
        begun = true;
        System.arraycopy(chars, offset + 1, chars, offset, count - 1);
        return count > 1 ? count - 1 : read(chars, offset, length);
      }
      begun = true;
      return count;
    }
  }
}
