package dev.burnish.text.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;

/// An iterator whose next value is computed when it is asked for.
final class Lazy implements Iterator<Object> {
  private final Supplier<Optional<Object>> source;
  private Optional<Object> next = Optional.empty();
  private boolean done;

  private Lazy(Supplier<Optional<Object>> source) {
    this.source = source;
  }

  static Lazy of(Supplier<Optional<Object>> source) {
    return new Lazy(source);
  }

  @Override
  public boolean hasNext() {
    if (next.isEmpty() && !done) {
      next = source.get();
      done = next.isEmpty();
    }
    return next.isPresent();
  }

  @Override
  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Object value = next.orElseThrow();
    next = Optional.empty();
    return value;
  }
}
