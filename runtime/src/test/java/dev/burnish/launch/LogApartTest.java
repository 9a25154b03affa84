package dev.burnish.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogApartTest {
  private final List<String> written = new ArrayList<>();
  private final CountDownLatch stands = new CountDownLatch(1);
  private final CountDownLatch goesOn = new CountDownLatch(1);

  /// A console that is paused until it is resumed.
  private final class Paused extends Handler {
    Paused() {
      setFormatter(
          new Formatter() {
            @Override
            public String format(LogRecord logged) {
              return logged.getMessage();
            }
          });
    }

    @Override
    public void publish(LogRecord logged) {
      stands.countDown();
      try {
        goesOn.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      written.add(getFormatter().format(logged));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void whoeverLogsDoesNotWaitForAConsoleThatIsPaused() throws Exception {
    LogApart log = new LogApart(new Paused());
    log.publish(new LogRecord(Level.INFO, "first"));
    stands.await();
    for (int i = 0; i < 1500; i++) {
      log.publish(new LogRecord(Level.INFO, "message " + i));
    }
    goesOn.countDown();
    log.close();
    assertThat(written).hasSize(1002).startsWith("first", "message 0");
    assertThat(written.getLast())
        .isEqualTo("500 messages were left out: the console took too long");
  }

  @Test
  void messagesAreHarmlessInATerminal() {
    goesOn.countDown();
    LogApart log = new LogApart(new Paused());
    log.publish(new LogRecord(Level.INFO, "refused a\u001b[2Jb\nagain"));
    log.close();
    assertThat(written).containsExactly("refused a�[2Jb\nagain");
  }

  @Test
  void aMessageIsALine() {
    LogRecord logged = new LogRecord(Level.WARNING, "replica {0} is lost");
    logged.setParameters(new Object[] {"trainer/0"});
    LogApart.OneLine format = new LogApart.OneLine();
    assertThat(format.format(logged))
        .matches("\\d\\d:\\d\\d:\\d\\d WARNING: replica trainer/0 is lost\\R");
    logged.setThrown(new IllegalStateException("why"));
    assertThat(format.format(logged)).contains("IllegalStateException: why");
  }
}
