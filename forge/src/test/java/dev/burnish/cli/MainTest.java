package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.Signals;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

@Timeout(120)
class MainTest {
  @TempDir private Path folder;

  private record Outcome(int status, String out, String err) {}

  @Test
  void whatIsWrongWithANameDoesNotReachTheTerminalAsControlCharacters() {
    Outcome outcome = execute("run", "a\u001b[2J\u009bb\u202e.java");
    assertThat(outcome.err()).contains("file=a�[2J�b�.java").hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense | nonsense",
        "--nonsense | --nonsense",
        "generate | --model=MODEL",
        "generate --model m --prompt p --top-p 2 | --top-p is above 0 and at most 1: value=2.0",
        "generate --model m --prompt p --temperature -1 | --temperature is not negative",
        "generate --model m --prompt p --temperature warm | warm",
        "generate --model m --prompt p --system s | --system needs --chat",
        "generate --model m --prompt p --max-tokens 0 | --max-tokens is positive: value=0",
        "generate --model m --prompt p --min-p 2 | minP must be between 0 and 1: minP=2.0",
        "generate --model m --prompt p --logprobs 3 | --logprobs needs --json",
        "generate --model m --prompt p --regex a --choice b | --choice exclude each other",
        "generate --model m --prompt p -n 0 | -n is positive",
        "convert no.gguf out | model=no.gguf; there is no such folder or file",
        "convert . out --type F32 | --type is for a GGUF file: --type=F32 target=out; use --dtype",
        "convert . out.gguf --dtype F32 | --dtype is for a folder",
        "convert . out.gguf --type Q3 | Q3",
        "convert . out --dtype I8 | weights are stored as F32, F16 or BF16: --dtype=I8",
        "convert . out | a model is a folder with a config.json",
        "verify --training no.json --model no | model=no; there is no such folder or file",
        "verify | --expected",
        "verify --losses no.json | there is no such file: file=no.json",
        "verify --expected a --losses b | mutually exclusive",
        "verify --training no.json | give --model MODEL",
        "bench nonsense | there is no such benchmark: name=nonsense",
        "run no.java | file=no.java",
        "run | SCRIPT.java",
        "completion fish | fish",
        "test | ./burnish test",
        "generat | there is no command generat; did you mean generate?",
        "Sft.java | a script is run with `burnish run Sft.java`",
        "generate --model m --prompt p hello | generate takes no argument hello: the prompt is the value of --prompt",
        "generate --model m --prompt p --seed x | --seed is a whole number: value=x",
        "generate --model m --prompt p --temperature warm | --temperature is a number, such as 0.7: value=warm",
        "generate --model m --prompt p --max-token 5 | generate takes no option --max-token",
        "generate --model m | generate needs --prompt=TEXT: it is missing",
        "run --set a=1 Sft.java | run takes no option --set; what is for the script comes after its name",
        "completion fish | SHELL is one of BASH, ZSH: value=fish",
        "convert a b --type Q3 | --type is one of",
        "convert a | convert needs TARGET",
        "generate --model m --prompt p --prompt q | --prompt",
        "generate --model=hf:x --prompt p | model on the hub must be hf:owner/name",
        "stop | stop needs JOB",
        "logs no-such-job | there is no such job: job=no-such-job",
      })
  void badInputIsOneLineAndStatus2(String arguments, String message) {
    Outcome outcome = execute(arguments.split(" ", -1));
    assertThat(outcome.err()).contains(message).startsWith("burnish: ").hasLineCount(1);
    assertThat(outcome.status()).isEqualTo(2);
  }

  @Test
  void everyCommandHasAHelp() {
    for (String command : Main.commandLine().getSubcommands().keySet()) {
      Outcome outcome = execute(command, "--help");
      assertThat(outcome.status()).as(command).isZero();
      assertThat(outcome.out()).as(command).startsWith("Usage: burnish " + command);
    }
  }

  @Test
  void aFaultOfAScriptIsOneLineWithTheFileOfItsStackTraceAndStatus1() throws Exception {
    Path script = write("Script.java", "void main() { Object o = null; o.hashCode(); }");
    Outcome outcome = execute("run", script.toString());
    assertThat(outcome.status()).isOne();
    assertThat(outcome.err()).hasLineCount(1).contains("NullPointerException");
    Path trace = Path.of(outcome.err().strip().replaceFirst(".* ", ""));
    assertThat(Files.readString(trace)).contains("NullPointerException", "Script.main");
    Files.delete(trace);
  }

  @Test
  void passesSettingsOnToTheScript() throws Exception {
    Path script =
        write(
            "Script.java",
            """
            record Settings(int seed) {}
            void main(String... args) {
              dev.burnish.config.Config.of(new Settings(1)).withArguments(args).resolve();
            }
            """);
    assertThat(execute("run", script.toString(), "--set", "seed=2").status()).isZero();
    Outcome refused = execute("run", script.toString(), "--set", "sed=2");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.err()).contains("did you mean seed?");
  }

  @Test
  void aScriptShowsItsOptionsAndSettingsAndDoesNotRun() throws Exception {
    Path script =
        write(
            "Script.java",
            """
            record Settings(int seed, java.nio.file.Path data) {}
            void main(String... args) {
              dev.burnish.Run.start("s", new Settings(7, java.nio.file.Path.of("x")), args).close();
            }
            """);
    PrintStream out = System.out;
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    System.setOut(new PrintStream(shown, true, UTF_8));
    try {
      for (String option : List.of("--help", "-h")) {
        Outcome outcome = execute("run", script.toString(), option);
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.err()).isEmpty();
      }
    } finally {
      System.setOut(out);
    }
    assertThat(shown.toString(UTF_8))
        .contains("--KEY VALUE", "--resume FOLDER", "--dry-run", "  seed: 7\n  data: x\n");
    assertThat(folder.resolve("runs")).doesNotExist();
  }

  @Test
  void theCompletionOfBashOffersTheCommands() throws Exception {
    Path script = write("completion", execute("completion", "bash").out());
    Process bash =
        new ProcessBuilder(
                "bash",
                "-c",
                "source \"$0\"; COMP_WORDS=(burnish ''); COMP_CWORD=1; _complete_burnish; echo ${COMPREPLY[@]}",
                script.toString())
            .start();
    assertThat(bash.inputReader().readLine()).contains("demo", "generate", "doctor");
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSignalAsksALoopThatListensToEnd(String signal, int status) throws Exception {
    Launcher launcher = Launcher.in(folder);
    Path script =
        write(
            "Loop.java",
            """
            import dev.burnish.concurrent.Stop;
            void main() throws Exception {
              try (var stop = Stop.listen()) {
                IO.println("ready");
                while (!stop.requested()) Thread.sleep(5);
                IO.println("checkpoint");
              }
            }
            """);
    assertThat(signalled(launcher, script, signal, status)).contains("checkpoint");
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSignalEndsAScriptThatDoesNotListen(String signal, int status) throws Exception {
    Launcher launcher = Launcher.in(folder);
    Path script =
        write(
            "Deaf.java",
            "void main() throws Exception { IO.println(\"ready\"); Thread.sleep(100_000); IO.println(\"checkpoint\"); }");
    assertThat(signalled(launcher, script, signal, status)).doesNotContain("checkpoint");
  }

  @Test
  void aReaderThatLeavesEndsTheProgramQuietly() throws Exception {
    Launcher launcher = Launcher.in(folder);
    launcher.run("--version");
    Path script = write("Endless.java", "void main() { while (true) IO.println(\"0123456789\"); }");
    Process process =
        launcher
            .builder(java.util.Map.of(), "run", script.toString())
            .redirectErrorStream(false)
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("0123456789");
    process.getInputStream().close();
    assertThat(process.waitFor()).isEqualTo(141);
    assertThat(new String(process.getErrorStream().readAllBytes(), UTF_8)).isEmpty();
  }

  @Test
  void aFullDiskIsOneLineAndAStatus() throws Exception {
    Launcher launcher = Launcher.in(folder);
    launcher.run("--version");
    write("Hello.java", "void main() { IO.println(\"hello\"); }");
    List<String> commands =
        List.of(
            "--help", "doctor", "doctor --json", "ps", "completion bash", "run Hello.java", "env");
    for (String arguments : commands) {
      Process process =
          launcher
              .builder(java.util.Map.of(), arguments.split(" ", -1))
              .directory(folder.toFile())
              .redirectErrorStream(false)
              .redirectOutput(new java.io.File("/dev/full"))
              .start();
      String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor()).as(arguments + ": " + err).isEqualTo(2);
      assertThat(err)
          .as(arguments)
          .hasLineCount(1)
          .containsAnyOf("No space left on device", "I/O error", "write error");
    }
  }

  @Test
  void aRunGoesOnWithoutItsOutputAndSaysSo() throws Exception {
    Launcher launcher = Launcher.in(folder);
    launcher.run("--version");
    Path script =
        write(
            "Long.java",
            """
            import dev.burnish.concurrent.Stop;
            void main() throws Exception {
              try (var stop = Stop.listen()) {
                for (int i = 0; i < 1000; i++) IO.println("step " + i);
                java.nio.file.Files.writeString(java.nio.file.Path.of("done"), "all");
              }
            }
            """);
    Process process =
        launcher
            .builder(java.util.Map.of(), "run", script.toString())
            .directory(folder.toFile())
            .redirectErrorStream(false)
            .redirectOutput(new java.io.File("/dev/full"))
            .start();
    String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(err).hasLineCount(1).contains("the run goes on without it");
    assertThat(folder.resolve("done")).hasContent("all");
  }

  /// The output of a script that got a signal once it had printed `ready`.
  private static String signalled(Launcher launcher, Path script, String signal, int status)
      throws Exception {
    launcher.run("--version");
    Process process = launcher.start(java.util.Map.of(), "run", script.toString());
    assertThat(process.inputReader().readLine()).isEqualTo("ready");
    Signals.send(signal, process.pid());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(status);
    return String.join("\n", process.inputReader().readAllLines());
  }

  @Test
  void benchmarksAreChosenByName() {
    assertThat(BenchCommand.select(List.of(), List.of())).isEmpty();
  }

  private Outcome execute(String... arguments) {
    System.setProperty("burnish.home", folder.toString());
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int status = line.execute(arguments);
    return new Outcome(status, out.toString(), err.toString());
  }

  private Path write(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name), text);
  }
}
