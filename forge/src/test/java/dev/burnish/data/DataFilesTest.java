package dev.burnish.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.burnish.data.DataFiles.OnBadRow;
import dev.burnish.env.Gsm8k;
import dev.burnish.rollout.Problem;
import dev.burnish.testing.SharedFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFilesTest {
  @TempDir Path folder;

  @Test
  void readsEveryRowOfGsm8k() {
    var train = Gsm8k.load(SharedFiles.data("gsm8k/train.jsonl"), OnBadRow.FAIL);
    var test = Gsm8k.load(SharedFiles.data("gsm8k/test.jsonl"), OnBadRow.FAIL);

    assertThat(train.size()).isEqualTo(7473);
    assertThat(test.size()).isEqualTo(1319);
    assertThat(train.rows().getFirst().target()).isEqualTo("72");
    assertThat(train.rows()).allSatisfy(s -> assertThat(s.target()).matches("-?\\d+(\\.\\d+)?"));
    assertThat(train.rows().get(100).index()).isEqualTo(100);
  }

  @Test
  void everySolutionOfGsm8kIsRightAndOfTheNextProblemWrong() {
    var reward = new dev.burnish.env.MathAnswer();
    var solutions = Gsm8k.solutions(SharedFiles.data("gsm8k/test.jsonl"), OnBadRow.FAIL).rows();
    var samples = Gsm8k.load(SharedFiles.data("gsm8k/test.jsonl"), OnBadRow.FAIL).rows();
    for (int i = 0; i < samples.size(); i++) {
      var solution = (SftExample.PromptCompletion) solutions.get(i);
      Problem other = samples.get((i + 1) % samples.size());
      String target = samples.get(i).target();
      assertThat(reward.evaluate("", solution.completion(), target)).as("row %d", i).isEqualTo(1);
      assertThat(reward.evaluate("", solution.completion(), other.target()))
          .as("row %d", i)
          .isEqualTo(target.equals(other.target()) ? 1 : 0);
      assertThat(solution.completion()).doesNotContain("<<");
    }
  }

  @Test
  void aBadRowIsReportedWithFileAndLine() throws IOException {
    Path file = write("data.jsonl", "{\"text\": \"a\"}\n\n{\"text\": 5}\n");

    assertThatThrownBy(() -> load(file, OnBadRow.FAIL))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("data.jsonl:3: a row has the text field 'text': text is number")
        .hasMessageContaining("skip bad rows");
  }

  @Test
  void badRowsAreCountedWhereTheyMayBeSkipped() throws IOException {
    Path file =
        write(
            "data.jsonl",
            "{\"text\": \"a\"}\n[1]\n{\"text\": \"b\"\n{\"text\": \"c\"} x\n{\"other\": 1}\n{\"text\": \"d\"}");

    var loaded = load(file, OnBadRow.SKIP);

    assertThat(loaded.rows())
        .containsExactly(new SftExample.PlainText("a"), new SftExample.PlainText("d"));
    assertThat(loaded.skipped()).isEqualTo(4);
    assertThat(loaded.problems().get(3)).startsWith("data.jsonl:5: a row has messages, prompt");
  }

  @Test
  void textThatIsNotUtf8IsABadRow() throws IOException {
    byte[] bytes = "{\"text\": \"é\"}\n".getBytes(StandardCharsets.ISO_8859_1);
    Path file = Files.write(folder.resolve("latin.jsonl"), bytes);

    assertThatThrownBy(() -> load(file, OnBadRow.FAIL))
        .hasMessageContaining("latin.jsonl:1: a line is UTF-8 text");
  }

  @Test
  void noRowsAtAllIsAnError() throws IOException {
    Path empty = write("empty.jsonl", " \n");
    Path bad = write("bad.jsonl", "x\n");

    assertThatThrownBy(() -> load(empty, OnBadRow.SKIP))
        .hasMessageContaining("a data set has rows: data=" + empty + " rows=0 skipped=0");
    assertThatThrownBy(() -> load(bad, OnBadRow.SKIP)).hasMessageContaining("bad.jsonl:1");
    assertThatThrownBy(() -> load(folder.resolve("none.jsonl"), OnBadRow.FAIL))
        .hasMessageContaining("none.jsonl; check the path");
    assertThatThrownBy(() -> load(Path.of(""), OnBadRow.FAIL))
        .hasMessageContaining("data is not set");
    assertThatThrownBy(() -> load(write("data.csv", "a,b"), OnBadRow.FAIL))
        .hasMessageContaining("ends in .jsonl, .json (also with .gz or .zst) or .parquet");
  }

  @Test
  void compressedLinesAndAByteOrderMarkAreRead() throws IOException {
    Path file = folder.resolve("data.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("\uFEFF{\"text\": \"a\"}\r\n{\"text\": \"🙂\"}".getBytes(StandardCharsets.UTF_8));
    }

    assertThat(load(file, OnBadRow.FAIL).rows())
        .containsExactly(new SftExample.PlainText("a"), new SftExample.PlainText("🙂"));
  }

  @Test
  void zstandardIsReadAndWhatIsCutOffIsOneClearLine() throws IOException {
    byte[] text = "{\"text\": \"a\"}\n{\"text\": \"b\"}\n".repeat(500).getBytes(UTF_8);
    byte[] packed = Zstd.compress(text);
    byte[] twoFrames = Arrays.copyOf(packed, 2 * packed.length);
    System.arraycopy(packed, 0, twoFrames, packed.length, packed.length);
    Path whole = Files.write(folder.resolve("data.jsonl.zst"), twoFrames);
    Path half = Files.write(folder.resolve("half.jsonl.zst"), Arrays.copyOf(packed, 20));
    Path none = Files.write(folder.resolve("none.jsonl.gz"), new byte[] {1, 2, 3});

    assertThat(load(whole, OnBadRow.FAIL).size()).isEqualTo(2_000);
    for (Path broken : List.of(half, none)) {
      assertThatThrownBy(() -> load(broken, OnBadRow.SKIP))
          .isInstanceOf(DataException.class)
          .hasMessageContaining("a data file can be read: data=" + broken);
    }
  }

  @Test
  void aPackedArrayIsOne() throws IOException {
    Path file = folder.resolve("data.json.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("[{\"text\": \"a\"},\n{\"text\": 5}]".getBytes(UTF_8));
    }
    assertThatThrownBy(() -> load(file, OnBadRow.FAIL)).hasMessageContaining("data.json.gz:2: ");
    assertThat(load(file, OnBadRow.SKIP).rows()).containsExactly(new SftExample.PlainText("a"));
  }

  @Test
  void aFileOfOneArrayIsReadToo() throws IOException {
    Path whole = write("data.json", " [{\"text\": \"a\"},\n {\"text\": \"b\"}, 7]");
    Path half = write("half.json", "[{\"text\": \"a\"},\n {\"text\": \"b");

    assertThat(load(whole, OnBadRow.SKIP).rows())
        .containsExactly(new SftExample.PlainText("a"), new SftExample.PlainText("b"));
    assertThatThrownBy(() -> load(whole, OnBadRow.FAIL))
        .hasMessageContaining("data.json:2: a row is a JSON object: it is NUMBER");
    assertThatThrownBy(() -> load(half, OnBadRow.SKIP))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("half.json:2: the file is one JSON array");
  }

  @Test
  void sayWhereAFileIsNoJsonInPlainWords() throws IOException {
    Map<String, String> problems =
        Map.of(
            "{\"text\": 'a'}\n",
            "1: a line is JSON: it is not after column ",
            "{\"text\": \"a\"}\n{\"text\": \"b\"\n{\"text\": \"c\"}\n",
            "2: a line is JSON: it ends before it is complete, and line 3 does not go on with it",
            "{\"text\": \"a\"}\n{\"text\": \"b",
            "2: a line is JSON: it ends before it is complete",
            "{\"text\": \"a\", \"text\": \"b\"}",
            "1: a field is in an object once: 'text' is twice",
            "[{\"text\": \"a\"}, {\"text\": 5}]",
            "1 (row 2): a row has the text field",
            "[{\"text\": \"a\"},\n{\"text\" 5}]",
            "2: the file is one JSON array: it is not after line 2",
            "{\"a\": ".repeat(1001),
            "1: a line is JSON: values are nested at most 1000 deep",
            "version https://git-lfs.github.com/spec/v1\noid",
            "git lfs pull",
            "BZh91AY",
            "is packed with bzip2; unpack it first");
    for (var problem : problems.entrySet()) {
      Path file = write("data.jsonl", problem.getKey());
      assertThatThrownBy(() -> load(file, OnBadRow.FAIL))
          .as(problem.getKey())
          .isInstanceOf(DataException.class)
          .hasMessageContaining(problem.getValue())
          .hasMessageNotContaining("jackson")
          .hasMessageNotContaining("Exception");
    }
  }

  @Test
  void aPointerInThePlaceOfAParquetFileIsNamed() throws IOException {
    Path pointer =
        write("data.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0");

    assertThatThrownBy(() -> load(pointer, OnBadRow.SKIP))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("is a pointer of Git LFS, not the file itself; run git lfs pull");
  }

  @Test
  void rowsAfterABrokenOneAreReadWhereTheyMayBeSkipped() throws IOException {
    Path file =
        write(
            "data.jsonl",
            "{\"text\":\n \"a\"}\n{\"text\": [\n{\"text\": \"b\"}\n{\"text\": \"c\"}{\"text\":\n\"d\"} {\"text\": \"e\"}\n");

    var loaded = load(file, OnBadRow.SKIP);

    assertThat(loaded.rows())
        .containsExactly(
            new SftExample.PlainText("a"),
            new SftExample.PlainText("b"),
            new SftExample.PlainText("c"),
            new SftExample.PlainText("d"),
            new SftExample.PlainText("e"));
    assertThat(loaded.skipped()).isOne();
  }

  @Test
  void aNumberThatIsNoneIsAnErrorOnlyWhereItIsAskedFor() throws IOException {
    Path file = write("data.jsonl", "{\"text\": \"a\", \"x\": NaN}\n{\"text\": NaN}\n");

    var loaded = load(file, OnBadRow.SKIP);

    assertThat(loaded.rows()).containsExactly(new SftExample.PlainText("a"));
    assertThat(loaded.problems().getFirst())
        .startsWith("data.jsonl:2: a row has the text field 'text': text is number");
  }

  @Test
  void shapesAreRecognisedByTheirFields() throws IOException {
    Path file =
        write(
            "shapes.jsonl",
            """
            {"prompt": "p", "completion": "c"}
            {"prompt": "p", "response": "c"}
            {"instruction": "i", "input": "x", "output": "o"}
            {"conversations": [{"from": "human", "value": "h"}, {"from": "gpt", "value": "g"}]}
            {"prompt": [{"role": "user", "content": "u"}], "completion": [{"role": "assistant", "content": "a"}]}
            {"messages": [{"role": "user", "content": "u"}], "tools": [{"name": "f"}]}
            {"prompt": [{"role": "user", "content": "u"}], "completion": [], "tools": [{"name": "f"}]}
            """);

    List<SftExample> rows = load(file, OnBadRow.FAIL).rows();

    assertThat(rows)
        .containsExactly(
            new SftExample.PromptCompletion("p", "c"),
            new SftExample.PromptCompletion("p", "c"),
            new SftExample.PromptCompletion("i\n\nx", "o"),
            new SftExample.Conversation(
                List.of(message("user", "h"), message("assistant", "g")), List.of(), 0),
            new SftExample.Conversation(
                List.of(message("user", "u"), message("assistant", "a")), List.of(), 1),
            new SftExample.Conversation(
                List.of(message("user", "u")), List.of(Map.of("name", "f")), 0),
            new SftExample.Conversation(
                List.of(message("user", "u")), List.of(Map.of("name", "f")), 1));
  }

  @Test
  void preferencesAreTextsOrMessages() throws IOException {
    Path file =
        write(
            "pairs.jsonl",
            """
            {"prompt": "p", "chosen": "good", "rejected": "bad"}
            {"chosen": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "g"}], "rejected": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "b"}]}
            {"prompt": "p", "chosen": "same", "rejected": "same"}
            {"prompt": "p", "answer": "good"}
            """);

    var loaded = DataFiles.load(DataSource.of(file), PreferenceExample::of, OnBadRow.SKIP);

    assertThat(loaded.rows())
        .containsExactly(
            new PreferenceExample.Text("p", "good", "bad"),
            new PreferenceExample.Chat(
                List.of(message("user", "u")),
                List.of(message("assistant", "g")),
                List.of(message("assistant", "b"))));
    assertThat(loaded.problems().getFirst()).contains("pairs.jsonl:3: the chosen and the rejected");
    assertThat(loaded.problems().get(1))
        .isEqualTo(
            "pairs.jsonl:4: a row has chosen and rejected, and a prompt where they are texts: the fields are [prompt, answer]");
  }

  @Test
  void aSplitDependsOnTheSeedAlone() throws IOException {
    Path file = write("data.jsonl", "{\"text\": \"a\"}\n".repeat(40));
    var loaded = DataFiles.load(DataSource.of(file), Row::number, OnBadRow.FAIL);
    var split = loaded.split(0.25, 3);

    assertThat(split.heldOut()).hasSize(10).doesNotContainAnyElementsOf(split.training());
    assertThat(split.training()).hasSize(30);
    assertThat(loaded.split(0.25, 3)).isEqualTo(split);
    assertThat(loaded.split(0.25, 4)).isNotEqualTo(split);
    assertThatThrownBy(() -> split.batch(1, 1, 0)).hasMessageContaining("batch=0; give 1 or more");
  }

  private Dataset<SftExample> load(Path file, OnBadRow onBadRow) {
    return DataFiles.load(DataSource.of(file), SftExample::of, onBadRow);
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static Map<String, Object> message(String role, String content) {
    return Map.of("role", role, "content", content);
  }
}
