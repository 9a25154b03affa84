package dev.burnish.link.failure;

import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Exceptions on the wire. One that this process can construct arrives as itself, with its message,
/// causes, suppressed exceptions and values, and with the frames of where it was thrown before
/// those of the call; any other as an [EndpointFailed]. Only classes of exceptions are
/// instantiated, by their constructors.
public final class RemoteErrors {
  private static final Codec CODEC =
      new Codecs(List.of(), Limits.defaults()).of(Description.Errors.class);

  /// Bounds that are tried in turn, until the description fits.
  private static final List<Description.Bounds> BOUNDS =
      List.of(
          new Description.Bounds(32, 200, 1 << 16, 1 << 16),
          new Description.Bounds(8, 50, 1 << 12, 1 << 10),
          new Description.Bounds(2, 4, 1 << 8, 0),
          new Description.Bounds(1, 0, 1 << 7, 0));

  private static final byte[] UNTOLD = encode(Description::untold).orElseThrow();

  private RemoteErrors() {}

  /// An exception as bytes, whatever its methods do.
  ///
  /// @param most bytes; of an exception that takes more, frames, causes and the end of its message
  ///   are left out
  public static byte[] encode(Throwable thrown, int most) {
    return BOUNDS.stream()
        .flatMap(bounds -> encode(() -> Description.of(thrown, bounds)).stream())
        .filter(bytes -> bytes.length <= most)
        .findFirst()
        .orElse(UNTOLD);
  }

  /// Empty where there is no room for it, in a frame or in this process.
  private static Optional<byte[]> encode(Supplier<Description.Errors> errors) {
    try {
      return Optional.of(CODEC.encode(List.of(errors.get()), Session.NONE));
    } catch (IllegalArgumentException | VirtualMachineError e) {
      return Optional.empty();
    }
  }

  /// The exception in bytes, with the stack of the current call below the one of where it was
  /// thrown.
  ///
  /// @param loader of the classes of exceptions
  public static Throwable decode(byte[] bytes, ClassLoader loader) {
    Description.Errors errors = (Description.Errors) CODEC.decode(bytes, Session.NONE).getFirst();
    Throwable thrown = new Rebuilding(errors, loader).first();
    StackTraceElement[] here = new Throwable().getStackTrace();
    thrown.setStackTrace(
        Stream.concat(errors.all().getFirst().stack(), Arrays.stream(here).skip(1))
            .toArray(StackTraceElement[]::new));
    return thrown;
  }

  /// The exception that a method without checked exceptions throws for it: itself, unless it is
  /// checked; then it is the cause of an [EndpointFailed].
  public static RuntimeException unchecked(Throwable thrown) {
    return switch (thrown) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new EndpointFailed(thrown);
    };
  }
}
