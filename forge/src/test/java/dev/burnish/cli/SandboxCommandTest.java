package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The output and exit status of `burnish sandbox`, with programs that are trusted.
class SandboxCommandTest {
  @TempDir private Path folder;

  private record Outcome(int status, String out, String err) {}

  private Outcome run(String program, String... arguments) throws IOException {
    Path file = Files.writeString(folder.resolve("program.sh"), program);
    List<String> all = new ArrayList<>(List.of("sandbox", file.toString(), "--isolation", "none"));
    all.addAll(List.of(arguments));
    return command(all.toArray(String[]::new));
  }

  private static Outcome command(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    int status = line.execute(words);
    return new Outcome(status, out.toString(), err.toString());
  }

  @Test
  void printsBothOutputsAndHowItEnded() throws IOException {
    Path input = Files.writeString(folder.resolve("input"), "hi\n");
    Outcome good = run("read x; echo $x; echo no >&2", "--stdin", input.toString());
    assertThat(good.status()).isZero();
    assertThat(good.out()).isEqualTo("hi\n");
    assertThat(good.err()).startsWith("no\nburnish: exited with 0; ");
    Outcome bad = run("exit 3");
    assertThat(bad.status()).isOne();
    assertThat(bad.err()).startsWith("burnish: exited with 3; ");
  }

  @Test
  void printsAJsonObject() throws IOException {
    Outcome outcome = run("echo out; kill -KILL $$", "--json");
    assertThat(outcome.status()).isOne();
    JsonNode object = JsonMapper.shared().readTree(outcome.out());
    assertThat(object.get("ended").asString()).isEqualTo("killed");
    assertThat(object.get("exitCode").asInt()).isEqualTo(137);
    assertThat(object.get("stdout").asString()).isEqualTo("out\n");
    assertThat(object.get("seconds").asDouble()).isPositive();
    assertThat(object.has("memoryBytes")).isTrue();
  }

  @Test
  void keepsControlCharactersFromTheTerminal() throws IOException {
    Outcome outcome = run("printf 'a\\033[2Jb\\n'");
    assertThat(outcome.out()).startsWith("a").doesNotContain("\033");
  }

  @Test
  void refusesWhatItCannotRun() throws IOException {
    assertThat(command("sandbox").status()).isEqualTo(2);
    assertThat(command("sandbox", "none.py").err()).contains("there is no such file: file=none.py");
    Path text = Files.writeString(folder.resolve("notes.txt"), "");
    Outcome unknown = command("sandbox", text.toString());
    assertThat(unknown.status()).isEqualTo(2);
    assertThat(unknown.err()).contains(".py, .java or .sh").contains("--language");
    assertThat(run("true", "--seconds", "0").err()).contains("seconds=0");
    assertThat(run("true", "--megabytes", "1").err()).contains("megabytes=1");
    assertThat(command("sandbox", "--probe", "--isolation", "none").status()).isEqualTo(2);
  }
}
