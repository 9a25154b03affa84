package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThrownTest {
  /// All its methods throw.
  private static final class Hostile extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }

    @Override
    public synchronized Throwable getCause() {
      throw new StackOverflowError();
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      throw new AssertionError("no frames");
    }
  }

  @Test
  void anExceptionWhoseMethodsThrowIsTold() {
    assertThat(Thrown.text(new Hostile()))
        .contains("Hostile", "toString threw java.lang.IllegalStateException");
    assertThat(Thrown.chain(new Hostile())).hasSize(1);
    assertThat(Thrown.trace(new Hostile(), 40)).singleElement().asString().contains("Hostile");
  }

  @Test
  void causesInACircleAndLongMessagesEnd() {
    RuntimeException first = new RuntimeException("first");
    RuntimeException second = new RuntimeException("x".repeat(1 << 20), first);
    first.initCause(second);
    assertThat(Thrown.chain(first)).hasSize(100);
    assertThat(Thrown.trace(first, 40)).hasSize(40);
    assertThat(Thrown.text(second).length()).isLessThan(5000);
  }

  @Test
  void anOrdinaryOneIsToldWithItsFramesAndCauses() {
    Throwable thrown = new IllegalArgumentException("outer", new IllegalStateException("inner"));
    assertThat(Thrown.text(thrown)).isEqualTo("java.lang.IllegalArgumentException: outer");
    assertThat(Thrown.trace(thrown, 1000))
        .contains("java.lang.IllegalArgumentException: outer")
        .contains("java.lang.IllegalStateException: inner")
        .anyMatch(line -> line.startsWith("  at ") && line.contains("ThrownTest"));
  }
}
