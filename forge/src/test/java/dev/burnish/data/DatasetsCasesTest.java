package dev.burnish.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.burnish.data.DataFiles.OnBadRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Small files and folders with the rows that datasets 5.2.0 reads of them: names, endings, shapes,
/// packings, links, READMEs, codecs. `datasets-cases.py` made them; where we differ, `ours` has our
/// rows, and why.
class DatasetsCasesTest {
  /// Words that no message contains: those of the libraries below.
  private static final String FOREIGN_WORDS =
      "(?s).*(jackson|StreamRead|REDACTED|#UNKNOWN|hardwood|snakeyaml|Exception|java\\.|ZstdIO|column\\(s\\)).*";

  @TempDir Path temporary;

  @TestFactory
  Stream<DynamicTest> readsWhatTheOriginalLibraryReads() throws IOException {
    JsonNode cases;
    try (InputStream in = DatasetsCasesTest.class.getResourceAsStream("datasets-cases.json")) {
      cases = JsonMapper.shared().readTree(Objects.requireNonNull(in).readAllBytes());
    }
    assertThat(cases.size()).isGreaterThan(500);
    return cases
        .valueStream()
        .map(c -> DynamicTest.dynamicTest(c.path("name").asString(), () -> check(c)));
  }

  private void check(JsonNode expected) throws IOException {
    Path folder = Files.createTempDirectory(temporary, "case");
    for (var file : expected.path("files").properties()) {
      write(folder.resolve(file.getKey()), file.getValue());
    }
    var source =
        new DataSource(
            folder.resolve(expected.path("path").asString()).normalize(),
            expected.path("config").asString("default"),
            expected.path("split").asString());
    JsonNode answer = expected.has("ours") ? expected.get("ours") : expected;
    if (answer.has("rows")) {
      assertThat(DataFiles.load(source, row -> canonical(row.fields()), OnBadRow.FAIL).rows())
          .isEqualTo(answer.get("rows").valueStream().map(DatasetsCasesTest::canonical).toList());
    } else {
      assertThatThrownBy(() -> DataFiles.load(source, Row::fields, OnBadRow.FAIL))
          .isInstanceOf(DataException.class)
          .hasMessageContaining(expected.has("ours") ? answer.get("refused").asString() : "; ")
          .extracting(Throwable::getMessage)
          .asString()
          .doesNotMatch(FOREIGN_WORDS);
    }
  }

  private static void write(Path path, JsonNode file) throws IOException {
    Files.createDirectories(Objects.requireNonNull(path.getParent()));
    if (file.has("link")) {
      Files.createSymbolicLink(path, Path.of(file.get("link").asString()));
      return;
    }
    byte[] content =
        file.has("base64")
            ? Base64.getDecoder().decode(file.get("base64").asString())
            : ((file.has("bom") ? "\uFEFF" : "") + file.get("text").asString()).getBytes(UTF_8);
    Files.write(path, packed(content, file.path("pack").asString("")));
  }

  private static byte[] packed(byte[] content, String how) throws IOException {
    var packed = new ByteArrayOutputStream();
    switch (how) {
      case "gzip" -> writeTo(new GZIPOutputStream(packed), content);
      case "lz4" -> writeTo(new LZ4FrameOutputStream(packed), content);
      case "zstd" -> packed.write(Zstd.compress(content));
      default -> packed.write(content);
    }
    return packed.toByteArray();
  }

  private static void writeTo(OutputStream packing, byte[] content) throws IOException {
    try (packing) {
      packing.write(content);
    }
  }

  /// A value as text, without nulls and numbers that are none, fields in order of name.
  private static String canonical(JsonNode value) {
    List<String> parts = new ArrayList<>();
    if (value.isObject()) {
      for (String name : new TreeSet<>(value.propertyNames())) {
        if (!isNothing(value.get(name))) {
          parts.add(name + "=" + canonical(value.get(name)));
        }
      }
      return "{" + String.join(", ", parts) + "}";
    }
    if (value.isArray()) {
      value.valueStream().filter(v -> !isNothing(v)).forEach(v -> parts.add(canonical(v)));
      return "[" + String.join(", ", parts) + "]";
    }
    return value.isString() ? "'" + value.stringValue() + "'" : value.toString();
  }

  private static boolean isNothing(JsonNode value) {
    return value.isNull()
        || (value.isNumber() && !Double.isFinite(value.doubleValue()))
        || (value.isString() && value.stringValue().matches("nan|-?inf"));
  }
}
