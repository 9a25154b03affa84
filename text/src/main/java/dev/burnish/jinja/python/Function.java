package dev.burnish.jinja.python;

/// A function or method that can be called, and printed.
public record Function(String repr, Callable body) implements Callable {
  static Function method(String name, Callable body) {
    return new Function("<built-in method %s>".formatted(name), body);
  }

  @Override
  public Object call(Arguments arguments) {
    return body.call(arguments);
  }
}
