package dev.burnish.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.data.DataFiles.OnBadRow;
import dev.burnish.data.files.HuggingFaceFolder;
import dev.burnish.data.files.SplitFiles;
import dev.burnish.env.Gsm8k;
import dev.burnish.rollout.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Parquet files were written by pyarrow 26, one for each codec that the hub uses.
class HuggingFaceFolderTest {
  @TempDir Path folder;

  @Test
  void readsParquetInEveryCodecAndNestedMessages() throws IOException {
    Path questions = copy("questions-snappy.parquet", "q.parquet");
    Path messages = copy("messages-zstd.parquet", "m.parquet");
    Path pairs = copy("preferences-gzip.parquet", "p.parquet");

    assertThat(Gsm8k.load(questions, OnBadRow.FAIL).rows().stream().map(Problem::target))
        .containsExactly("2", "1200");
    assertThat(DataFiles.load(DataSource.of(messages), SftExample::of, OnBadRow.FAIL).rows())
        .first()
        .isEqualTo(
            new SftExample.Conversation(
                List.of(
                    Map.of("role", "user", "content", "Hi"),
                    Map.of("role", "assistant", "content", "Hello")),
                List.of(),
                0));
    assertThat(DataFiles.load(DataSource.of(pairs), PreferenceExample::of, OnBadRow.FAIL).rows())
        .containsExactly(new PreferenceExample.Text("p", "good", "bad"));
  }

  @Test
  void aBadRowOfParquetIsNamedByFileAndRow() throws IOException {
    Path questions = copy("questions-snappy.parquet", "q.parquet");

    assertThatThrownBy(() ->
            DataFiles.load(
                DataSource.of(questions), HuggingFaceFolderTest::notTheSecond, OnBadRow.FAIL))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("q.parquet:2: refused; correct the row");
    var some =
        DataFiles.load(
            DataSource.of(questions), HuggingFaceFolderTest::notTheSecond, OnBadRow.SKIP);
    assertThat(some.rows()).containsExactly(0L);
    assertThat(some.skipped()).isOne();
  }

  private static long notTheSecond(Row row) {
    if (row.number() == 1) {
      throw new IllegalArgumentException("refused");
    }
    return row.number();
  }

  @Test
  void aTruncatedParquetFileIsOneClearLine() throws IOException {
    Path whole = copy("questions-snappy.parquet", "whole.parquet");
    byte[] bytes = Files.readAllBytes(whole);
    for (int length : new int[] {0, 3, 100, bytes.length / 2, bytes.length - 1}) {
      Path half = Files.write(folder.resolve("half.parquet"), Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> Gsm8k.load(half, OnBadRow.SKIP))
          .as("%d bytes", length)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("half.parquet");
    }
  }

  @Test
  void findsTheSplitInTheUsualPlaces() throws IOException {
    copy("questions-snappy.parquet", "data/train-00000-of-00002.parquet");
    copy("questions-snappy.parquet", "data/train-00001-of-00002.parquet");
    copy("questions-snappy.parquet", "data/test-00000-of-00001.parquet");
    copy("questions-snappy.parquet", "hard/train-00000-of-00001.parquet");

    assertThat(Gsm8k.load(folder, OnBadRow.FAIL).size()).isEqualTo(4);
    assertThat(names(source()))
        .containsExactly("train-00000-of-00002.parquet", "train-00001-of-00002.parquet");
    assertThat(names(source().withSplit("test"))).containsExactly("test-00000-of-00001.parquet");
    assertThat(names(source().withConfig("hard"))).containsExactly("train-00000-of-00001.parquet");
    assertThatThrownBy(() -> DataFiles.files(source().withSplit("validation")))
        .hasMessageContaining(
            "split=validation; its data files are [data/test-00000-of-00001.parquet");
  }

  @Test
  void theOnlyConfigAndTheOneMarkedDefaultAreFoundByThemselves() throws IOException {
    Files.writeString(folder.resolve("main.jsonl"), "{\"text\": \"a\"}\n");
    Files.writeString(folder.resolve("other.jsonl"), "{\"text\": \"b\"}\n");
    String main = "---\nconfigs:\n- config_name: main\n  data_files: main.jsonl\n";
    String other = "- config_name: other\n  data_files: other.jsonl\n";

    Files.writeString(folder.resolve("README.md"), main + "---\n");
    assertThat(names(source())).containsExactly("main.jsonl");
    Files.writeString(folder.resolve("README.md"), main + other + "  default: true\n---\n");
    assertThat(names(source())).containsExactly("other.jsonl");
    Files.writeString(folder.resolve("README.md"), main + other + "---\n");
    assertThatThrownBy(() -> names(source())).hasMessageContaining("config=default");
    assertThat(names(source().withConfig("main"))).containsExactly("main.jsonl");
  }

  @Test
  void aMissingPartIsNamed() throws IOException {
    copy("questions-snappy.parquet", "data/train-00001-of-00002.parquet");

    assertThatThrownBy(() -> DataFiles.files(source()))
        .hasMessageContaining("train-00000-of-00002.parquet; download it again");
    Files.move(
        folder.resolve("data/train-00001-of-00002.parquet"),
        folder.resolve("data/train-00000-of-00002.parquet"));
    assertThatThrownBy(() -> DataFiles.files(source()))
        .hasMessageContaining("train-00001-of-00002.parquet; download it again");
  }

  @Test
  void theReadmeSaysWhereAConfigLies() throws IOException {
    Files.writeString(
        folder.resolve("README.md"),
        """
        ---
        license: mit
        configs:
        - config_name: default
          data_files:
          - split: train
            path: parts/*.jsonl
          - split: test
            path:
            - a/one.jsonl
            - a/two.jsonl
        - config_name: extra
          data_files: extra/all.jsonl
        ---
        # A data set
        """);
    for (String file : List.of("parts/x.jsonl", "a/one.jsonl", "a/two.jsonl", "extra/all.jsonl")) {
      Path path = folder.resolve(file);
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      Files.writeString(path, "{\"text\": \"" + file + "\"}\n");
    }

    assertThat(names(source())).containsExactly("x.jsonl");
    assertThat(names(source().withSplit("test"))).containsExactly("one.jsonl", "two.jsonl");
    assertThat(names(source().withConfig("extra"))).containsExactly("all.jsonl");
  }

  @Test
  void aFolderWithFilesOfTheSplitsNames() throws IOException {
    Files.writeString(folder.resolve("train.jsonl"), "{\"text\": \"a\"}\n");
    Files.writeString(folder.resolve("training-notes.jsonl"), "{}\n");
    Files.writeString(folder.resolve("trained.jsonl"), "{}\n");

    assertThat(names(source())).containsExactly("train.jsonl", "training-notes.jsonl");
  }

  private void touch(String... files) throws IOException {
    for (String file : files) {
      Path path = folder.resolve(file);
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      Files.writeString(path, "{\"text\": \"a\"}\n");
    }
  }

  @Test
  void knowsTheWordsForASplitInNamesOfFiles() throws IOException {
    touch(
        "my-training_1.jsonl", "dev.jsonl.zst", "x.val.json.gz", "eval2.jsonl", "constraint.json");

    assertThat(names(source())).containsExactly("my-training_1.jsonl");
    assertThat(names(source().withSplit("validation")))
        .containsExactly("dev.jsonl.zst", "x.val.json.gz");
    assertThat(names(source().withSplit("test"))).containsExactly("eval2.jsonl");
  }

  @Test
  void knowsTheWordsForASplitInNamesOfFolders() throws IOException {
    touch("training/b.jsonl", "training/a.jsonl", "valid/c.jsonl", "hard/train/d.jsonl");
    touch("hard/testing/e.jsonl", "other/f.jsonl");

    assertThat(names(source())).containsExactly("d.jsonl", "a.jsonl", "b.jsonl");
    assertThat(names(source().withSplit("validation"))).containsExactly("c.jsonl");
    assertThat(names(source().withConfig("hard"))).containsExactly("d.jsonl");
    assertThat(names(source().withConfig("hard").withSplit("test"))).containsExactly("e.jsonl");
    assertThatThrownBy(() -> names(source().withConfig("hard").withSplit("validation")))
        .hasMessageContaining("config=hard split=validation");
  }

  @Test
  void whereNoNameSaysAnythingEverythingIsToTrainOn() throws IOException {
    touch("one.jsonl", "two/three.jsonl", "dataset_info.json");

    assertThat(names(source())).containsExactly("one.jsonl", "three.jsonl");
    assertThatThrownBy(() -> names(source().withSplit("test"))).hasMessageContaining("split=test");
    touch("test.jsonl");
    assertThatThrownBy(() -> names(source())).hasMessageContaining("split=train");
  }

  @Test
  void saysWhatToDoWithAFolderOfArrowFiles() throws IOException {
    touch("data-00000-of-00001.arrow", "state.json", "dataset_info.json");

    assertThatThrownBy(() -> names(source()))
        .hasMessageContaining("its data files are []; its .arrow files are not read")
        .hasMessageContaining("to_parquet");
  }

  @Test
  void saysWhatItLeftOut() throws IOException {
    touch("train.jsonl", "train.jsonl.bak", "x/train.jsonl");
    copy("questions-snappy.parquet", "train.parquet");
    Files.createSymbolicLink(folder.resolve("y"), Path.of("x"));
    Files.createSymbolicLink(folder.resolve("train-2.jsonl"), Path.of("gone.jsonl"));

    SplitFiles found = HuggingFaceFolder.find(folder, "default", "train");

    assertThat(found.files())
        .containsExactly(folder.resolve("train.jsonl"), folder.resolve("x/train.jsonl"));
    assertThat(found.notes())
        .containsExactly(
            "left out train-2.jsonl: it is a link to a file that is gone",
            "left out train.parquet: one format of a split is read, that of most of its files (.jsonl)",
            "left out %s: it is the file %s"
                .formatted(folder.resolve("y/train.jsonl"), folder.resolve("x/train.jsonl")),
            "left out %s: it is a copy of %s"
                .formatted(folder.resolve("train.jsonl.bak"), folder.resolve("train.jsonl")));
  }

  @Test
  void namesTheConfigsAndSplitsToChooseFrom() throws IOException {
    touch("main/train.jsonl", "socratic/train.jsonl", "socratic/test.jsonl");
    String config = "- config_name: %1$s\n  data_files:\n  - split: train\n    path: %1$s/train*\n";
    Files.writeString(
        folder.resolve("README.md"),
        "---\nconfigs:\n" + config.formatted("main") + config.formatted("socratic") + "---\n");

    for (DataSource unclear : List.of(source(), source().withConfig("maine"))) {
      assertThatThrownBy(() -> names(unclear))
          .hasMessageContaining(
              "config=%s; its configs are main, socratic: choose with --set config=main",
              unclear.config());
    }
    assertThatThrownBy(() -> names(source().withConfig("main").withSplit("test")))
        .hasMessageContaining("its splits are train: choose with --set split=train");
    Files.delete(folder.resolve("README.md"));
    assertThatThrownBy(() -> names(source().withConfig("maine")))
        .hasMessageContaining("its folders are [main, socratic]");
  }

  @Test
  void aCodecThatIsNotReadAndADamagedPageAreNamed() throws IOException {
    Path whole = copy("questions-snappy.parquet", "whole.parquet");
    byte[] bytes = Files.readAllBytes(whole);
    for (int i = 4; i < 60; i++) {
      bytes[i] = (byte) 0xEE;
    }
    Path damaged = Files.write(folder.resolve("damaged.parquet"), bytes);
    assertThatThrownBy(() -> Gsm8k.load(damaged, OnBadRow.SKIP))
        .isInstanceOf(DataException.class)
        .hasMessageMatching(
            "damaged.parquet:1: a Parquet file is whole: .*/damaged.parquet \\(codec=SNAPPY\\) is damaged or cut off there; download it again");
  }

  private DataSource source() {
    return DataSource.of(folder);
  }

  private static List<String> names(DataSource source) {
    return DataFiles.files(source).stream().map(f -> f.getFileName().toString()).toList();
  }

  private Path copy(String resource, String to) throws IOException {
    Path target = folder.resolve(to);
    Files.createDirectories(Objects.requireNonNull(target.getParent()));
    try (InputStream in = HuggingFaceFolderTest.class.getResourceAsStream(resource)) {
      Files.copy(Objects.requireNonNull(in), target);
    }
    return target;
  }
}
