package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Holds comments and documents to the English of the field: see "Words" in CONTRIBUTING.md, which
/// shows what stands for each of these phrases.
class WordsTest {
  private static final Path ROOT = Path.of("..");
  private static final List<String> FOLDERS =
      List.of(
          "base/src",
          "runtime/src",
          "text/src",
          "tensor/src",
          "forge/src",
          "serve/src",
          "mcp/src",
          "bench/src",
          "examples",
          "docs");
  private static final List<String> PAGES = List.of("README.md", "ARCHITECTURE.md", "SECURITY.md");

  /// Phrases that are not written, each with what is meant.
  private static final List<Pattern> PHRASES =
      Stream.of(
              "\\bgoes on\\b", // resumes, continues
              "\\banew\\b", // again
              "\\bbut for\\b(?! example)", // except
              "\\bin the midst of\\b", // during
              "/// Has (so|the|a|an|every|something) ", // the verb of what it does
              "/// What ", // a noun phrase that says what it is
              "/// Whoever ",
              "\\b(twice|thread|file|folder|buffer|class|connection|node|tensor|line|record)"
                  + " an? (step|process|prompt|sample|part|model|thread|token|operation|call)\\b")
          .map(Pattern::compile)
          .toList();

  private static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>(PAGES.stream().map(ROOT::resolve).toList());
    for (String folder : FOLDERS) {
      try (Stream<Path> all = Files.walk(ROOT.resolve(folder))) {
        all.filter(file -> file.toString().endsWith(".java") || file.toString().endsWith(".md"))
            .filter(file -> !file.endsWith("WordsTest.java"))
            .forEach(files::add);
      }
    }
    return files;
  }

  private static boolean isProse(Path file, String line) {
    return file.toString().endsWith(".md") || line.strip().startsWith("//");
  }

  @Test
  void commentsAndDocumentsSayItAsTheFieldDoes() throws IOException {
    List<String> found = new ArrayList<>();
    int lines = 0;
    for (Path file : files()) {
      List<String> text = Files.readAllLines(file);
      for (int i = 0; i < text.size(); i++) {
        String line = text.get(i);
        int at = i + 1;
        if (isProse(file, line)) {
          lines++;
          PHRASES.stream()
              .filter(phrase -> phrase.matcher(line).find())
              .forEach(
                  phrase -> found.add("%s:%d: %s".formatted(ROOT.relativize(file), at, phrase)));
        }
      }
    }
    assertThat(lines).as("lines of prose that were read").isGreaterThan(5000);
    assertThat(found).isEmpty();
  }
}
