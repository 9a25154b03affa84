package dev.burnish.link.failure;

import dev.burnish.wire.WireException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Constructs the exceptions of a description, each once. A cause is constructed before the
/// exceptions that it causes; where causes form a cycle, one of them is given its cause afterwards.
final class Rebuilding {
  private static final int MOST = 64;

  private final List<Description> all;
  private final ClassLoader loader;
  private final List<Optional<Throwable>> made = new ArrayList<>();
  private final List<Integer> begun = new ArrayList<>();

  /// @throws WireException if there are too many
  Rebuilding(Description.Errors errors, ClassLoader loader) {
    if (errors.all().size() > MOST) {
      throw new WireException(
          "an exception refers to at most %d others: size=%d".formatted(MOST, errors.all().size()));
    }
    this.all = errors.all();
    this.loader = loader;
    all.forEach(error -> made.add(Optional.empty()));
  }

  /// The first exception, with all that it refers to.
  ///
  /// @throws WireException if one refers to a missing one
  Throwable first() {
    Throwable first = made(0);
    for (int i = 0; i < begun.size(); i++) {
      complete(begun.get(i));
    }
    return first;
  }

  private Throwable made(int place) {
    if (place < 0 || place >= all.size()) {
      throw new WireException(
          "an exception refers to one that came with it: place=%d size=%d"
              .formatted(place, all.size()));
    }
    if (made.get(place).isEmpty()) {
      begun.add(place);
      Description error = all.get(place);
      Optional<Throwable> cause =
          error.cause().filter(other -> !begun.contains(other) || isMade(other)).map(this::made);
      made.set(place, Optional.of(make(error, cause)));
    }
    return made.get(place).orElseThrow();
  }

  private boolean isMade(int place) {
    return place >= 0 && place < made.size() && made.get(place).isPresent();
  }

  private Throwable make(Description error, Optional<Throwable> cause) {
    Throwable thrown =
        Made.of(error, cause, loader)
            .orElseGet(() -> {
              Throwable instead = new EndpointFailed(error.type(), error.message());
              cause.ifPresent(instead::initCause);
              return instead;
            });
    thrown.setStackTrace(error.stack().toArray(StackTraceElement[]::new));
    return thrown;
  }

  /// Sets the references of an exception that are still missing.
  private void complete(int place) {
    Throwable thrown = made(place);
    Description error = all.get(place);
    if (thrown.getCause() == null) {
      error
          .cause()
          .filter(other -> other != place)
          .map(this::made)
          .ifPresent(cause -> attach(thrown, cause));
    }
    error.suppressed().stream()
        .filter(other -> other != place)
        .map(this::made)
        .forEach(thrown::addSuppressed);
  }

  private static void attach(Throwable thrown, Throwable cause) {
    try {
      thrown.initCause(cause);
    } catch (IllegalStateException e) {
      thrown.addSuppressed(cause);
    }
  }
}
