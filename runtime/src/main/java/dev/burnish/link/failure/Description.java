package dev.burnish.link.failure;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// An exception as it travels. References to other exceptions are positions in a list, so that
/// causes may form a cycle.
///
/// @param message empty where it has none
/// @param cause its position
/// @param suppressed their positions
record Description(
    String type,
    Optional<String> message,
    List<Place> frames,
    Optional<Integer> cause,
    List<Integer> suppressed,
    List<Value> values) {
  /// An exception, which is the first, and all exceptions that it refers to.
  record Errors(List<Description> all) {}

  /// @param file empty where it is not known
  record Place(String type, String method, Optional<String> file, int line) {}

  /// An additional value of an exception, see [Property].
  ///
  /// @param owner the class that declares it
  /// @param encoded empty if it is null
  record Value(String owner, String name, Optional<byte[]> encoded) {}

  /// Limits of the description of an exception.
  ///
  /// @param errors the number of exceptions, with those that it refers to
  /// @param frames of each
  /// @param message characters of each
  /// @param value bytes of each
  record Bounds(int errors, int frames, int message, int value) {}

  /// Describes an exception, whatever its methods do.
  static Errors of(Throwable thrown, Bounds bounds) {
    return new Describing(bounds).all(thrown);
  }

  /// The description of an exception that is too large to be described.
  static Errors untold() {
    return new Errors(
        List.of(
            new Description(
                "an exception",
                Optional.of("it is too large to be told; see the log of its process"),
                List.of(),
                Optional.empty(),
                List.of(),
                List.of())));
  }

  Stream<StackTraceElement> stack() {
    return frames.stream()
        .map(f -> new StackTraceElement(f.type(), f.method(), f.file().orElse(null), f.line()));
  }

  /// Assigns positions to exceptions in the order in which they are met, causes first.
  private static final class Describing {
    private final Bounds bounds;
    private final IdentityHashMap<Throwable, Integer> places = new IdentityHashMap<>();
    private final List<Throwable> met = new ArrayList<>();

    Describing(Bounds bounds) {
      this.bounds = bounds;
    }

    Errors all(Throwable first) {
      List<Description> all = new ArrayList<>();
      place(first);
      while (all.size() < met.size()) {
        all.add(describe(met.get(all.size()), all.size()));
      }
      return new Errors(all);
    }

    /// Empty if there are too many.
    private Optional<Integer> place(Throwable thrown) {
      if (!places.containsKey(thrown) && met.size() < bounds.errors()) {
        places.put(thrown, met.size());
        met.add(thrown);
      }
      return Optional.ofNullable(places.get(thrown));
    }

    private Description describe(Throwable thrown, int itself) {
      Optional<Integer> cause =
          asked(() -> Optional.ofNullable(thrown.getCause()), Optional.<Throwable>empty())
              .flatMap(this::place)
              .filter(place -> place != itself);
      List<Integer> suppressed =
          Stream.of(thrown.getSuppressed())
              .flatMap(other -> place(other).stream())
              .filter(place -> place != itself)
              .toList();
      Optional<String> message = message(thrown);
      return new Description(
          thrown instanceof EndpointFailed failed ? failed.type() : thrown.getClass().getName(),
          message.map(text -> text.substring(0, Math.min(text.length(), bounds.message()))),
          asked(() -> frames(thrown), List.of()),
          cause,
          suppressed,
          bounds.value() == 0
              ? List.of()
              : asked(() -> Property.values(thrown, bounds.value()), List.of()));
    }

    private static Optional<String> message(Throwable thrown) {
      if (thrown instanceof EndpointFailed failed) {
        return failed.original();
      }
      return asked(
          () -> Optional.ofNullable(thrown.getMessage()),
          Optional.of("(its message cannot be told: getMessage failed)"));
    }

    private List<Place> frames(Throwable thrown) {
      return Stream.of(thrown.getStackTrace())
          .limit(bounds.frames())
          .map(frame ->
              new Place(
                  frame.getClassName(),
                  frame.getMethodName(),
                  Optional.ofNullable(frame.getFileName()),
                  frame.getLineNumber()))
          .toList();
    }

    /// The answer of an exception's method; such methods are foreign code.
    private static <T> T asked(Supplier<T> question, T otherwise) {
      try {
        return question.get();
      } catch (Throwable e) {
        return otherwise;
      }
    }
  }
}
