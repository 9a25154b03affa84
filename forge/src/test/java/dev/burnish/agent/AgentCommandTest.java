package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.rollout.SamplingParams;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AgentCommandTest {
  /// Leaves a process behind that has a session of its own, and waits until it has begun.
  private static final String LEAVES_ONE =
      "setsid sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000' </dev/null >/dev/null 2>&1 &\n"
          + "while [ ! -e pid ]; do sleep 0.01; done; echo left;";

  private static final CharacterTokenizer LETTERS = CharacterTokenizer.of("ab");

  @TempDir private Path folder;

  private final AgentSession session =
      new AgentSession(
          ChatFormat.of(LETTERS, ChatTemplate.of("{{ messages[0].content }}")),
          Budget.defaults(),
          new SayingPolicy(LETTERS, _ -> LETTERS.encode("a")),
          SamplingParams.defaults());
  private final Endpoint endpoint =
      new Endpoint(URI.create("http://127.0.0.1:9"), "secret-key", session, 0);

  @AfterEach
  void close() {
    session.close();
  }

  private AgentCommand shell(String script) {
    return AgentCommand.of("sh", "-c", script).withFolder(folder);
  }

  @Test
  void aCommandFindsTheEndpointAndNoSecretOfThisProcess() {
    AgentCommand.Result result =
        shell("env; pwd; echo oops >&2; exit 3").withEnvironment("TASK", "7").run(endpoint);
    assertThat(result.status()).hasValue(3);
    assertThat(result.succeeded()).isFalse();
    assertThat(result.output().lines())
        .contains(
            "OPENAI_BASE_URL=http://127.0.0.1:9/v1",
            "OPENAI_API_KEY=secret-key",
            "ANTHROPIC_BASE_URL=http://127.0.0.1:9",
            "ANTHROPIC_API_KEY=secret-key",
            "TASK=7",
            "oops")
        .anySatisfy(line -> assertThat(line).endsWith(folder.getFileName().toString()));
    for (String name : System.getenv().keySet()) {
      if (!name.matches("PATH|HOME|USER|LANG|LC_ALL|TMPDIR|TZ|PWD|SHLVL|_|OLDPWD")) {
        assertThat(result.output()).doesNotContainPattern("(?m)^" + name + "=");
      }
    }
  }

  @Test
  void itsInputIsEmptyAndOfALongOutputTheEndIsKept() {
    AgentCommand.Result result =
        shell("cat; i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
            .withOutputBytes(1000)
            .run(endpoint);
    assertThat(result.succeeded()).isTrue();
    assertThat(result.output()).hasSize(1000).endsWith("line 19998\nline 19999\n");
  }

  @Test
  void aCommandWhoseTimeIsOverIsKilled() {
    AgentCommand.Result result = shell("sleep 1000").withTime(Duration.ofMillis(300)).run(endpoint);
    assertThat(result.status()).isEmpty();
  }

  @Test
  void noProcessThatAnAgentStartsOutlivesIt() throws Exception {
    AgentCommand.Result result = shell(LEAVES_ONE).run(endpoint);
    assertThat(result.succeeded()).isTrue();
    assertThat(result.output()).isEqualTo("left\n");
    assertThat(isRunning(pid())).isFalse();
  }

  @Test
  void anInterruptKillsItWithItsProcesses() throws Exception {
    AtomicBoolean cancelled = new AtomicBoolean();
    Thread runner =
        Thread.ofPlatform()
            .start(() -> {
              try {
                shell(LEAVES_ONE + " sleep 1000").run(endpoint);
              } catch (CancellationException e) {
                cancelled.set(Thread.currentThread().isInterrupted());
              }
            });
    while (!Files.exists(folder.resolve("pid"))) {
      LockSupport.parkNanos(1_000_000);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
    runner.interrupt();
    runner.join();
    assertThat(cancelled).isTrue();
    assertThat(isRunning(pid())).isFalse();
  }

  @Test
  void aCommandThatIsNotThereSaysSo() {
    assertThatThrownBy(() -> AgentCommand.of("no-such-agent").run(endpoint))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("no-such-agent")
        .hasMessageNotContaining("secret-key");
  }

  private long pid() throws IOException {
    return Long.parseLong(Files.readString(folder.resolve("pid")).strip());
  }

  /// Whether a process runs; one that has ended and that nobody waits for has no command line.
  private static boolean isRunning(long pid) {
    try {
      return Files.readAllBytes(Path.of("/proc", Long.toString(pid), "cmdline")).length > 0;
    } catch (IOException e) {
      return false;
    }
  }
}
