package dev.burnish.sandbox;

import dev.burnish.concurrent.Waits;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// One sandbox, ready for one execution: the connection of its keeper. Closing it ends all that is
/// in the sandbox.
final class Cell implements AutoCloseable {
  /// The message of an execution whose caller was interrupted.
  static final String INTERRUPTED = "the caller of an execution was interrupted";

  private static final int HEADER = 5;

  private final SocketChannel link;
  private final String keeper;

  private record Frame(byte kind, byte[] content) {
    String text() {
      return new String(content, StandardCharsets.UTF_8);
    }
  }

  private Cell(SocketChannel link, String keeper) {
    this.link = link;
    this.keeper = keeper;
  }

  /// Reads the keeper's first frame, so that everything is set up in it.
  static Cell greet(SocketChannel link) throws IOException {
    Frame hello = read(link);
    if (hello.kind() != 'H') {
      throw new IOException("a keeper begins with H: kind=" + hello.kind());
    }
    return new Cell(link, hello.text());
  }

  /// The keeper's process as the fork server knows it.
  String keeper() {
    return keeper;
  }

  /// Runs a program, once.
  ///
  /// @param begun is called when the program begins
  /// @return empty if the sandbox was lost before it did, so that another one may run it; lost
  ///   later, it is a lost execution
  /// @throws CancellationException if the caller was interrupted
  Optional<Execution> run(Program program, Limits limits, byte[] job, Runnable begun) {
    Waits.announce();
    boolean running = false;
    Output output = new Output(limits.outputBytes());
    try {
      write(job, program.code().getBytes(StandardCharsets.UTF_8), stdin(program));
      while (true) {
        Frame frame = read(link);
        switch (frame.kind()) {
          case 'B' -> {
            running = true;
            begun.run();
          }
          case 'O' -> output.stdout(frame.content());
          case 'E' -> output.stderr(frame.content());
          case 'R' -> {
            return Optional.of(
                output.finish(program.language(), JsonMapper.shared().readTree(frame.text())));
          }
          default -> throw new IOException("a keeper sends no such frame: kind=" + frame.kind());
        }
      }
    } catch (ClosedByInterruptException e) {
      throw (CancellationException) new CancellationException(INTERRUPTED).initCause(e);
    } catch (IOException | JacksonException e) {
      return running
          ? Optional.of(Execution.lost(String.valueOf(e.getMessage())))
          : Optional.empty();
    }
  }

  private static byte[] stdin(Program program) {
    return program.stdin().getBytes(StandardCharsets.UTF_8);
  }

  /// Both directions at once would need a second thread: the keeper reads all before it begins.
  private void write(byte[]... parts) throws IOException {
    for (byte[] part : parts) {
      ByteBuffer[] both = {
        ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip(), ByteBuffer.wrap(part)
      };
      while (both[1].hasRemaining() || both[0].hasRemaining()) {
        link.write(both);
      }
    }
  }

  private static Frame read(SocketChannel link) throws IOException {
    ByteBuffer header = fill(link, HEADER);
    byte kind = header.get();
    int length = header.getInt();
    if (length < 0 || length > Recipe.mostAnswerBytes()) {
      throw new IOException("a frame has at most 1 MiB: length=" + length);
    }
    return new Frame(kind, fill(link, length).array());
  }

  private static ByteBuffer fill(SocketChannel link, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (link.read(bytes) < 0) {
        throw new EOFException("its keeper ended without an answer");
      }
    }
    return bytes.flip();
  }

  /// The output of a program so far, at most so many bytes.
  private static final class Output {
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private int left;

    private Output(int most) {
      left = most;
    }

    private void stdout(byte[] bytes) {
      keep(stdout, bytes);
    }

    private void stderr(byte[] bytes) {
      keep(stderr, bytes);
    }

    private void keep(ByteArrayOutputStream stream, byte[] bytes) {
      int kept = Math.min(left, bytes.length);
      stream.write(bytes, 0, kept);
      left -= kept;
    }

    private Execution finish(Language language, JsonNode answer) {
      String errors = stderr.toString(StandardCharsets.UTF_8);
      Ending ending =
          Recipe.ending(
              language,
              answer.path("reason").asString(),
              answer.path("exit").asInt(),
              answer.path("signal").asInt(),
              errors);
      return new Execution(
          stdout.toString(StandardCharsets.UTF_8),
          errors,
          ending,
          answer.path("wallSeconds").asDouble(),
          answer.path("cpuSeconds").asDouble(),
          answer.path("peakBytes").asLong());
    }
  }

  @Override
  public void close() {
    try {
      link.close();
    } catch (IOException e) {
      System.getLogger(Cell.class.getName())
          .log(System.Logger.Level.DEBUG, "a connection to a sandbox is closed already", e);
    }
  }
}
