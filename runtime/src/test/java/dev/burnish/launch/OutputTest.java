package dev.burnish.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.QuietLog;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(60)
@ExtendWith(QuietLog.class)
class OutputTest {
  private static List<String> lines(String text) throws IOException {
    List<String> lines = new ArrayList<>();
    Lines.read(new StringReader(text), lines::add);
    return lines;
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  @Test
  void linesEndAsTheyDoEverywhere() throws IOException {
    assertThat(lines("")).isEmpty();
    assertThat(lines("a\nb\r\nc\rd\n\n\r\n\r\re"))
        .containsExactly("a", "b", "c", "d", "", "", "", "", "e");
    assertThat(lines("a\n")).containsExactly("a");
    assertThat(lines("x".repeat(Lines.LONGEST) + "\ny"))
        .containsExactly("x".repeat(Lines.LONGEST), "y");
  }

  @Test
  void theWarningOfVectorsIsNotShown() {
    String vectors = "WARNING: Using incubator modules: jdk.incubator.vector\n";
    BlockingQueue<LogLine> shown = new LinkedBlockingQueue<>();
    Output output = new Output("p", stream(vectors), stream(vectors + "other\n"), shown::add);
    output.awaitEnd();
    assertThat(shown.stream().map(LogLine::text))
        .containsExactlyInAnyOrder(vectors.strip(), "other");
    assertThat(output.last()).hasSize(2);
  }

  @Test
  void aLineWithoutAnEndComesInPieces() throws IOException {
    String faces = "\uD83D\uDE00".repeat(Lines.LONGEST);
    List<String> pieces = lines("z" + faces);
    assertThat(String.join("", pieces).equals("z" + faces)).isTrue();
    assertThat(pieces.stream().map(String::length))
        .containsExactly(Lines.LONGEST + 1, Lines.LONGEST);
    assertThat(Character.isLowSurrogate(pieces.getLast().charAt(0))).isFalse();
  }

  @Test
  void whatIsKeptOfALineWithoutAnEndIsBounded() throws Exception {
    long size = 64 << 20;
    InputStream endless =
        new InputStream() {
          private long left = size;

          @Override
          public int read() {
            return left-- > 0 ? 'x' : -1;
          }

          @Override
          public int read(byte[] into, int offset, int length) {
            int count = (int) Math.min(length, left);
            Arrays.fill(into, offset, offset + count, (byte) 'x');
            left -= count;
            return count == 0 ? -1 : count;
          }
        };
    AtomicLong taken = new AtomicLong();
    CountDownLatch all = new CountDownLatch(1);
    Output output =
        new Output(
            "a",
            endless,
            stream(""),
            line -> {
              if (line.text().length() > Lines.LONGEST + 1) {
                throw new IllegalStateException("a piece of " + line.text().length());
              }
              if (taken.addAndGet(line.text().length()) == size) {
                all.countDown();
              }
            });
    all.await();
    assertThat(output.last().stream().mapToInt(String::length).sum())
        .isBetween(1, Output.KEPT_SIZE);
  }

  @Test
  void aSinkThatThrowsEndsNeitherTheLinesThatComeNorThoseThatAreKept() throws Exception {
    BlockingQueue<String> taken = new LinkedBlockingQueue<>();
    Output output =
        new Output(
            "a",
            stream("one\nbad\ntwo\n"),
            stream(""),
            line -> {
              if (line.text().equals("bad")) {
                throw new IllegalStateException("of a test");
              }
              taken.add(line.text());
            });
    assertThat(taken.take()).isEqualTo("one");
    assertThat(taken.take()).isEqualTo("two");
    assertThat(output.last()).containsExactly("one", "bad", "two");
  }
}
