package dev.burnish.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A tensor operation that libtorch refused, in one line: the operation, the shapes it was given,
/// and libtorch's reason.
public final class TensorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TensorException(String message, RuntimeException cause) {
    super(message, cause);
  }

  static TensorException of(String operation, RuntimeException cause, Tensor... operands) {
    String shapes =
        Stream.of(operands)
            .map(t -> t.isClosed() ? "closed" : t.dtype() + Arrays.toString(t.shape()))
            .collect(Collectors.joining(", "));
    return new TensorException("%s(%s): %s".formatted(operation, shapes, reason(cause)), cause);
  }

  /// The first line of a C++ exception without its stack.
  private static String reason(RuntimeException cause) {
    String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    int end = text.indexOf("\nException raised from");
    String first = (end < 0 ? text : text.substring(0, end)).strip();
    return first.lines().map(String::strip).collect(Collectors.joining(" "));
  }
}
