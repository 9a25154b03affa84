package dev.burnish.env.tools;

import dev.burnish.env.tools.Corpus.Hit;
import dev.burnish.tools.Description;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Tools over a corpus.
interface CorpusTools {
  int FOUND = 5;
  int MOST = 20;

  @Description(
      "Finds the texts that fit a query best, by its words: the id of each and a part of it")
  String search(
      @Description("words, such as river length") String query,
      @Description("at most so many texts, 5 unless given, 20 at most") Optional<Integer> limit);

  @Description("Returns the whole text of an id")
  String read(String id);

  static CorpusTools of(Corpus corpus) {
    return new CorpusTools() {
      @Override
      public String search(String query, Optional<Integer> limit) {
        List<Hit> hits = corpus.search(query, Math.clamp(limit.orElse(FOUND), 1, MOST));
        return hits.isEmpty()
            ? "nothing was found"
            : hits.stream()
                .map(hit -> "%s: %s".formatted(hit.id(), hit.snippet()))
                .collect(Collectors.joining("\n"));
      }

      @Override
      public String read(String id) {
        return corpus
            .text(id)
            .orElseThrow(() -> new IllegalArgumentException("there is no text of id " + id));
      }
    };
  }
}
