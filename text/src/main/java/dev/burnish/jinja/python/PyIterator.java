package dev.burnish.jinja.python;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;

/// A generator: its values come once.
public record PyIterator(Iterator<Object> iterator) {
  /// A generator whose next value is computed on demand.
  ///
  /// @param source gives the next value, and nothing at the end
  public static PyIterator lazy(Supplier<Optional<Object>> source) {
    return new PyIterator(new Lazy(source));
  }

  private static final class Lazy implements Iterator<Object> {
    private final Supplier<Optional<Object>> source;
    private Optional<Object> next = Optional.empty();
    private boolean done;

    Lazy(Supplier<Optional<Object>> source) {
      this.source = source;
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
}
