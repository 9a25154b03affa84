package dev.burnish.link.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.charset.MalformedInputException;
import java.nio.file.FileSystemException;
import java.text.ParseException;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.UnknownFormatConversionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class RemoteErrorsTest {
  private static final int MOST = 1 << 20;

  private static Throwable sent(Throwable thrown) {
    return RemoteErrors.decode(
        RemoteErrors.encode(thrown, MOST), RemoteErrorsTest.class.getClassLoader());
  }

  /// An exception with a value that its constructor puts into words.
  private static final class QuotaExceeded extends Exception {
    private static final long serialVersionUID = 1;

    private final String user;
    private final int limit;

    QuotaExceeded(String user, int limit) {
      super("user %s is over the limit of %d".formatted(user, limit));
      this.user = user;
      this.limit = limit;
    }
  }

  /// Takes its message and values of the same type.
  private static final class Ranked extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int first;
    private final int second;

    @SuppressWarnings("serial") // nobody serializes it
    private final List<String> names;

    Ranked(String message, int second, int first, List<String> names) {
      super(message);
      this.first = first;
      this.second = second;
      this.names = names;
    }
  }

  /// A value that is set after construction.
  private static final class Marked extends RuntimeException {
    private static final long serialVersionUID = 1;

    private String mark = "";

    Marked(String message) {
      super(message);
    }
  }

  /// An exception without a constructor to which others can pass anything.
  private static final class Sealed extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Object lock;

    Sealed(Thread thread) {
      super(thread.getName());
      lock = thread;
    }

    Object lock() {
      return lock;
    }
  }

  /// Decorates its message.
  private static final class Decorated extends RuntimeException {
    private static final long serialVersionUID = 1;

    Decorated(String message) {
      super("decorated: " + message);
    }
  }

  /// Cannot return its message.
  private static final class Unspeakable extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }

    @Override
    public synchronized Throwable getCause() {
      throw new AssertionError("no cause");
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      throw new UnsupportedOperationException("no frames");
    }
  }

  private static Throwable cause(Throwable of) {
    return Objects.requireNonNull(of.getCause());
  }

  private static void arrivesAsItself(Throwable thrown) {
    Throwable arrived = sent(thrown);
    assertThat(arrived).hasSameClassAs(thrown);
    assertThat(arrived.getMessage()).isEqualTo(thrown.getMessage());
    assertThat(arrived.toString()).isEqualTo(thrown.toString());
    if (thrown.getCause() == null) {
      assertThat(arrived.getCause()).isNull();
    } else {
      assertThat(cause(arrived)).hasSameClassAs(cause(thrown));
      assertThat(cause(arrived).getMessage()).isEqualTo(cause(thrown).getMessage());
    }
    StackTraceElement thrownAt = thrown.getStackTrace()[0];
    assertThat(arrived.getStackTrace()[0])
        .returns(thrownAt.getClassName(), StackTraceElement::getClassName)
        .returns(thrownAt.getMethodName(), StackTraceElement::getMethodName)
        .returns(thrownAt.getLineNumber(), StackTraceElement::getLineNumber);
  }

  @Test
  void exceptionsOfTheUsualConstructorsArriveAsThemselves() {
    IOException cause = new FileNotFoundException("no disk");
    arrivesAsItself(new IllegalStateException("bad moment"));
    arrivesAsItself(new IllegalStateException());
    arrivesAsItself(new IllegalStateException(cause));
    arrivesAsItself(new IllegalStateException(null, cause));
    arrivesAsItself(new IOException("checked", cause));
    arrivesAsItself(new UncheckedIOException(cause));
    arrivesAsItself(new UncheckedIOException("said", cause));
    arrivesAsItself(new ExecutionException(cause));
    arrivesAsItself(new ExecutionException("said", cause));
    arrivesAsItself(new InvocationTargetException(cause));
    arrivesAsItself(new TimeoutException());
    arrivesAsItself(new InterruptedException("enough"));
    arrivesAsItself(new ReplicaLost("gone", cause));
    arrivesAsItself(new CallCancelled("stopped", new InterruptedException()));
  }

  @Test
  void errorsArriveAsThemselves() {
    arrivesAsItself(new AssertionError("not so"));
    arrivesAsItself(new AssertionError());
    arrivesAsItself(new AssertionError("not so", new IOException("why")));
    arrivesAsItself(new StackOverflowError());
    arrivesAsItself(new OutOfMemoryError("Java heap space"));
    arrivesAsItself(new NoClassDefFoundError("a/B"));
    arrivesAsItself(new ExceptionInInitializerError(new IllegalStateException("static")));
  }

  @Test
  void exceptionsOfTheJdkKeepWhatTheySay() {
    FileSystemException file =
        (FileSystemException) sent(new FileSystemException("a", "b", "no room"));
    assertThat(file).hasMessage("a -> b: no room");
    assertThat(List.of(file.getFile(), file.getOtherFile(), file.getReason()))
        .containsExactly("a", "b", "no room");
    ParseException parse = (ParseException) sent(new ParseException("no number", 7));
    assertThat(parse.getErrorOffset()).isEqualTo(7);
    URISyntaxException uri =
        (URISyntaxException) sent(new URISyntaxException("a b", "Illegal character", 1));
    assertThat(uri).hasMessage("Illegal character at index 1: a b");
    assertThat(uri.getInput()).isEqualTo("a b");
    DateTimeParseException date =
        (DateTimeParseException) sent(new DateTimeParseException("not a date", "x1", 1));
    assertThat(date.getParsedString()).isEqualTo("x1");
    assertThat(date.getErrorIndex()).isEqualTo(1);
    arrivesAsItself(new MalformedInputException(3));
    arrivesAsItself(new UnknownFormatConversionException("q"));
  }

  @Test
  void exceptionsOfOnesOwnKeepTheirValues() {
    QuotaExceeded quota = (QuotaExceeded) sent(new QuotaExceeded("ann", 5));
    assertThat(quota).hasMessage("user ann is over the limit of 5");
    assertThat(quota.user).isEqualTo("ann");
    assertThat(quota.limit).isEqualTo(5);
    Ranked ranked = (Ranked) sent(new Ranked("lost", 2, 1, List.of("a", "b")));
    assertThat(ranked).hasMessage("lost");
    assertThat(ranked.first).isEqualTo(1);
    assertThat(ranked.second).isEqualTo(2);
    assertThat(ranked.names).containsExactly("a", "b");
    Marked marked = new Marked("x");
    marked.mark = "seen";
    assertThat(((Marked) sent(marked)).mark).isEqualTo("seen");
  }

  @Test
  void whatCannotBeMadeAgainIsNamed() {
    Sealed sealed = new Sealed(Thread.currentThread());
    assertThat(sealed.lock()).isNotNull();
    assertThat(sent(sealed))
        .isInstanceOf(EndpointFailed.class)
        .hasMessage(Sealed.class.getName() + ": " + sealed.getMessage())
        .extracting(e -> ((EndpointFailed) e).type())
        .isEqualTo(Sealed.class.getName());
    assertThat(sent(new Decorated("a")))
        .isInstanceOf(EndpointFailed.class)
        .hasMessage(Decorated.class.getName() + ": decorated: a");
  }

  @Test
  void whatWasNotMadeIsNamedOnceHoweverFarItGoes() {
    Throwable once = sent(new Decorated("a"));
    assertThat(sent(sent(once))).hasMessage(once.getMessage()).hasSameClassAs(once);
  }

  @Test
  void noMessageStaysNone() {
    assertThat(sent(new IllegalStateException()).getMessage()).isNull();
    Throwable unknown = sent(new RuntimeException(new Sealed(Thread.currentThread())));
    assertThat(unknown.getCause()).isInstanceOf(EndpointFailed.class);
    assertThat(sent(new IllegalStateException((String) null)).toString())
        .isEqualTo("java.lang.IllegalStateException");
  }

  @Test
  void suppressedExceptionsAndCausesArrive() {
    IllegalStateException thrown =
        new IllegalStateException("top", new IOException("middle", new ParseException("last", 3)));
    thrown.addSuppressed(new IllegalArgumentException("closing", new TimeoutException("late")));
    thrown.addSuppressed(new AssertionError("second"));
    Throwable arrived = sent(thrown);
    assertThat(cause(cause(arrived))).isInstanceOf(ParseException.class);
    assertThat(arrived.getSuppressed()).hasSize(2);
    assertThat(arrived.getSuppressed()[0])
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("closing")
        .hasCauseInstanceOf(TimeoutException.class);
    assertThat(arrived.getSuppressed()[1]).isInstanceOf(AssertionError.class);
  }

  @Test
  void causesMayLeadInACircle() {
    RuntimeException first = new IllegalStateException("first");
    RuntimeException second = new IllegalArgumentException("second", first);
    first.initCause(second);
    second.addSuppressed(first);
    Throwable arrived = sent(first);
    assertThat(arrived).isInstanceOf(IllegalStateException.class).hasMessage("first");
    assertThat(arrived.getCause())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("second");
    assertThat(cause(cause(arrived))).isSameAs(arrived);
    assertThat(cause(arrived).getSuppressed()).containsExactly(arrived);
  }

  @Test
  void anExceptionThatCannotSpeakIsToldAllTheSame() {
    assertThat(sent(new Unspeakable()))
        .isInstanceOf(EndpointFailed.class)
        .hasMessageContaining(Unspeakable.class.getName())
        .hasMessageContaining("getMessage failed");
  }

  @Test
  void aLargeExceptionFitsWhereItIsSent() {
    RuntimeException large = new IllegalStateException("x".repeat(100_000));
    for (int i = 0; i < 100; i++) {
      large = new IllegalStateException("y".repeat(100_000), large);
      large.addSuppressed(new IOException("z".repeat(100_000)));
    }
    for (int most : new int[] {1 << 24, 1 << 20, 10_000, 900, 400}) {
      byte[] bytes = RemoteErrors.encode(large, most);
      assertThat(bytes.length).isLessThanOrEqualTo(most);
      assertThat(RemoteErrors.decode(bytes, getClass().getClassLoader()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("yyyy");
    }
  }

  @Test
  void onlyExceptionsAreMade() {
    Throwable arrived = sent(new EndpointFailed("java.lang.Thread", java.util.Optional.of("x")));
    assertThat(arrived).isInstanceOf(EndpointFailed.class).hasMessage("java.lang.Thread: x");
  }
}
