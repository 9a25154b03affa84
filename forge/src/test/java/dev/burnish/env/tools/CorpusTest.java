package dev.burnish.env.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.env.tools.Corpus.Document;
import dev.burnish.env.tools.Corpus.Hit;
import dev.burnish.tools.ToolSet;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  private static final List<Document> RIVERS =
      List.of(
          new Document("aare", "The Aare is a river of 288 km, all of it in Switzerland."),
          new Document(
              "rhine",
              "The Rhine is a river of 1233 km. ".repeat(20) + "It ends in the North Sea."),
          new Document("alps", "Mountains, with glaciers and lakes."));

  @TempDir Path folder;

  private static List<String> ids(List<Hit> hits) {
    return hits.stream().map(Hit::id).toList();
  }

  @Test
  void textsAreFoundByTheirWordsTheBestFirst() {
    try (Corpus corpus = Corpus.of(RIVERS)) {
      assertThat(corpus.size()).isEqualTo(3);
      assertThat(ids(corpus.search("river Switzerland", 5))).containsExactly("aare", "rhine");
      assertThat(ids(corpus.search("GLACIERS?", 5))).containsExactly("alps");
      assertThat(ids(corpus.search("river", 1))).hasSize(1);
      assertThat(corpus.search("desert", 5)).isEmpty();
      assertThat(corpus.text("alps")).contains("Mountains, with glaciers and lakes.");
      assertThat(corpus.text("alp")).isEmpty();
    }
  }

  @Test
  void aSnippetIsThePartWithTheWords() {
    try (Corpus corpus = Corpus.of(RIVERS)) {
      String snippet = corpus.search("north sea", 1).getFirst().snippet();
      assertThat(snippet).startsWith("... ").endsWith("North Sea.").hasSizeLessThan(260);
      assertThat(corpus.search("lakes", 1).getFirst().snippet())
          .isEqualTo("Mountains, with glaciers and lakes.");
    }
  }

  @Test
  void aQueryIsWordsAndNoLanguage() {
    try (Corpus corpus = Corpus.of(RIVERS)) {
      for (String query :
          List.of(
              "",
              "  ",
              "\u0000",
              "+-&&||!(){}[]^\"~*?:\\/",
              "*:*",
              "id:aare",
              "\"nile",
              "(".repeat(9999))) {
        assertThat(corpus.search(query, 5))
            .as(query)
            .satisfies(hits -> assertThat(hits.size()).isLessThan(2));
      }
      assertThat(corpus.search("river ".repeat(10_000), 5)).hasSize(2);
      Random random = new Random(3);
      for (int i = 0; i < 200; i++) {
        StringBuilder query = new StringBuilder();
        random.ints(200, 0, 0x10000).forEach(c -> query.append((char) c));
        corpus.search(query.append(" river").toString(), 3);
      }
    }
  }

  @Test
  void anIndexInAFolderIsThereAgain() {
    try (Corpus built = Corpus.build(folder, RIVERS)) {
      try (Corpus opened = Corpus.open(folder);
          Corpus memory = Corpus.of(RIVERS)) {
        assertThat(opened.search("river sea", 5))
            .isEqualTo(built.search("river sea", 5))
            .isEqualTo(memory.search("river sea", 5))
            .hasSize(2);
      }
    }
    try (Corpus other = Corpus.build(folder, RIVERS.subList(0, 1))) {
      assertThat(other.size()).isOne();
    }
    assertThatThrownBy(() -> Corpus.open(folder.resolve("none")))
        .isInstanceOf(UncheckedIOException.class);
    assertThatThrownBy(() -> Corpus.of(List.of(RIVERS.get(0), RIVERS.get(0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("texts=2 ids=1");
  }

  @Test
  void aModelSearchesAndReads() throws Exception {
    try (Corpus corpus = Corpus.of(RIVERS)) {
      ToolSet tools = corpus.tools();
      assertThat(tools.names()).isEqualTo("read, search");
      assertThat(tools.find("search").orElseThrow().call("{\"query\": \"river\", \"limit\": 1}"))
          .startsWith("rhine: The Rhine is a river of 1233 km. ");
      assertThat(tools.find("search").orElseThrow().call("{\"query\": \"x\", \"limit\": -5}"))
          .isEqualTo("nothing was found");
      assertThat(tools.find("read").orElseThrow().call("{\"id\": \"alps\"}")).startsWith("Mount");
      assertThatThrownBy(() -> tools.find("read").orElseThrow().call("{\"id\": \"nile\"}"))
          .hasMessage("there is no text of id nile");
    }
  }
}
