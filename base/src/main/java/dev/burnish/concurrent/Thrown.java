package dev.burnish.concurrent;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Description of a throwable, whatever its methods do: they may be a user's, and throw.
public final class Thrown {
  private static final int LONGEST = 4000;
  private static final int MAX_CAUSES = 100;

  private Thrown() {}

  /// Class and message, as from `toString`; the class alone where that throws.
  public static String text(Throwable thrown) {
    try {
      String text = String.valueOf(thrown.toString());
      return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    } catch (Throwable e) {
      return "%s (it cannot say more: toString threw %s)"
          .formatted(thrown.getClass().getName(), e.getClass().getName());
    }
  }

  /// The cause of a throwable; empty where `getCause` throws.
  public static Optional<Throwable> cause(Throwable thrown) {
    try {
      return Optional.ofNullable(thrown.getCause());
    } catch (Throwable e) {
      return Optional.empty();
    }
  }

  /// A throwable and its causes, the outermost first; at most 100.
  public static List<Throwable> chain(Throwable thrown) {
    List<Throwable> chain = new ArrayList<>();
    Optional<Throwable> next = Optional.of(thrown);
    while (next.isPresent() && chain.size() < MAX_CAUSES) {
      chain.add(next.get());
      next = cause(next.get());
    }
    return chain;
  }

  /// The first lines of its stack trace, with those of its causes.
  public static List<String> trace(Throwable thrown, int numLines) {
    List<String> lines = new ArrayList<>();
    for (Throwable each : chain(thrown)) {
      lines.add(text(each));
      for (@Nullable StackTraceElement frame : frames(each)) {
        lines.add("  at " + frame);
        if (lines.size() >= numLines) {
          return lines.subList(0, numLines);
        }
      }
    }
    return lines.subList(0, Math.min(lines.size(), numLines));
  }

  private static @Nullable StackTraceElement[] frames(Throwable thrown) {
    try {
      return thrown.getStackTrace().clone();
    } catch (Throwable e) {
      return new StackTraceElement[0];
    }
  }
}
