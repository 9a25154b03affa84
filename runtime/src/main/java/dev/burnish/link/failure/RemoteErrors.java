package dev.burnish.link.failure;

import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Exceptions on the wire. One that this process can make arrives as itself, with the frames of
/// where it was thrown before those of the call; any other as an [EndpointFailed]. Only classes of
/// exceptions are made, by their constructor of a message.
public final class RemoteErrors {
  private static final int MAX_FRAMES = 200;
  private static final int MAX_CAUSES = 8;
  private static final int MAX_MESSAGE = 1 << 16;
  private static final Codec CODEC = new Codecs(List.of(), Limits.defaults()).of(Described.class);

  private RemoteErrors() {}

  record Described(String type, String message, List<Place> frames, Optional<Described> cause) {}

  record Place(String type, String method, String file, int line) {}

  /// An exception as bytes.
  public static byte[] encode(Throwable thrown) {
    return CODEC.encode(List.of(error(thrown, MAX_CAUSES)), Session.NONE);
  }

  /// The exception in bytes, with the stack of the current call below the one of where it was
  /// thrown.
  ///
  /// @param loader of the classes of exceptions
  public static RuntimeException decode(byte[] bytes, ClassLoader loader) {
    Described error = (Described) CODEC.decode(bytes, Session.NONE).getFirst();
    Throwable thrown = make(error, loader);
    StackTraceElement[] here = new Throwable().getStackTrace();
    thrown.setStackTrace(
        Stream.concat(frames(error), Arrays.stream(here).skip(1))
            .toArray(StackTraceElement[]::new));
    return switch (thrown) {
      case RuntimeException e -> e;
      default -> new EndpointFailed(thrown.getClass().getName(), error.message(), thrown);
    };
  }

  private static Described error(Throwable thrown, int causesLeft) {
    List<Place> frames = new ArrayList<>();
    for (StackTraceElement frame : thrown.getStackTrace()) {
      if (frames.size() < MAX_FRAMES) {
        frames.add(
            new Place(
                frame.getClassName(),
                frame.getMethodName(),
                String.valueOf(frame.getFileName()),
                frame.getLineNumber()));
      }
    }
    String message = String.valueOf(thrown.getMessage());
    Throwable cause = thrown.getCause();
    boolean goesOn = cause != null && causesLeft > 0;
    return new Described(
        thrown instanceof EndpointFailed failed ? failed.type() : thrown.getClass().getName(),
        message.substring(0, Math.min(message.length(), MAX_MESSAGE)),
        frames,
        goesOn && cause != null ? Optional.of(error(cause, causesLeft - 1)) : Optional.empty());
  }

  private static Throwable make(Described error, ClassLoader loader) {
    Throwable made =
        construct(error, loader).orElseGet(() -> new EndpointFailed(error.type(), error.message()));
    made.setStackTrace(frames(error).toArray(StackTraceElement[]::new));
    if (error.cause().isPresent() && made.getCause() == null) {
      attach(made, make(error.cause().get(), loader));
    }
    return made;
  }

  private static void attach(Throwable thrown, Throwable cause) {
    try {
      thrown.initCause(cause);
    } catch (IllegalStateException e) {
      thrown.addSuppressed(cause);
    }
  }

  private static Optional<Throwable> construct(Described error, ClassLoader loader) {
    try {
      Class<?> type = Class.forName(error.type(), false, loader);
      if (!Throwable.class.isAssignableFrom(type)) {
        return Optional.empty();
      }
      Constructor<?> constructor = type.getDeclaredConstructor(String.class);
      if (!constructor.canAccess(null) && !constructor.trySetAccessible()) {
        return Optional.empty();
      }
      return Optional.of((Throwable) constructor.newInstance(error.message()));
    } catch (ReflectiveOperationException | LinkageError e) {
      return Optional.empty();
    }
  }

  private static Stream<StackTraceElement> frames(Described error) {
    return error.frames().stream()
        .map(f -> new StackTraceElement(f.type(), f.method(), f.file(), f.line()));
  }
}
