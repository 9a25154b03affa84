package dev.burnish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.TinyRun;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The output of a run is the same whatever the language of its user, also if a program of the user
/// runs it: other digits, decimal commas and dotless letters are in no file and no name.
@Timeout(120)
class LanguageTest {
  private static final Pattern PADDED =
      Pattern.compile(
          "\"[^\"\\n]*%0\\d+d[^\"\\n]*\"\\s*\\.formatted\\(|(?:format|printf)\\(\\s*\"[^\"\\n]*%0\\d+d");

  @TempDir private Path folder;

  private Path train(String name, String... flags) throws Exception {
    Path runs = folder.resolve(name);
    List<String> arguments =
        new ArrayList<>(List.of("0", "--runs", runs.toString(), "--set", "steps=3"));
    Process process = ChildJvm.start(List.of(flags), 1, TinyRun.class, arguments);
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.findFirst().orElseThrow();
    }
  }

  /// The texts of a run by name, without the parts that the machine and the time determine.
  private static Map<String, String> texts(Path run) throws Exception {
    Map<String, String> texts = new TreeMap<>();
    try (Stream<Path> files = Files.walk(run)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = run.relativize(file).toString().replaceAll("\\d{10,}\\.\\d+", "N");
        texts.put(name, text(file));
      }
    }
    return texts;
  }

  private static String text(Path file) throws Exception {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException binary) {
      return "";
    }
  }

  @ParameterizedTest
  @CsvSource({"ar, EG", "tr, TR", "de, DE", "hi, IN"})
  void aRunLeavesTheSameNamesAndDigits(String language, String country) throws Exception {
    Map<String, String> english = texts(train("en", "-Duser.language=en", "-Duser.country=US"));
    Map<String, String> other =
        texts(train("other", "-Duser.language=" + language, "-Duser.country=" + country));
    assertThat(other.keySet()).isEqualTo(english.keySet());
    other.forEach(
        (name, text) -> assertThat(text).as(name).doesNotContainPattern("[\\p{Nd}&&[^0-9]]"));
    for (String name : List.of("config.yaml", "model/config.json")) {
      assertThat(other.get(name)).as(name).isEqualTo(english.get(name));
    }
  }

  /// The build treats `String.toUpperCase()` without a locale as an error; this test also requires
  /// a locale for the formats of machine-readable output.
  @Test
  void noNameOfAFileOrHeaderIsFormattedInTheLanguageOfTheUser() throws Exception {
    List<String> found = new ArrayList<>();
    for (String module : List.of("base", "runtime", "text", "tensor", "forge")) {
      try (Stream<Path> sources = Files.walk(Path.of("..", module, "src/main/java"))) {
        for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
          // A format that pads with zeros is for a name or a protocol, never for a sentence.
          Matcher format = PADDED.matcher(Files.readString(source));
          while (format.find()) {
            found.add(source + ": " + format.group());
          }
        }
      }
    }
    assertThat(found).as("formats with %0 and without Locale.ROOT").isEmpty();
  }
}
