package dev.burnish.jinja;

import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Callable;
import dev.burnish.jinja.python.Function;
import dev.burnish.jinja.python.HasAttributes;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyIterator;
import dev.burnish.jinja.python.PyTuple;
import dev.burnish.jinja.python.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The variable `loop`. Items are taken one ahead at most, until the length is asked for.
final class Loop implements Callable, HasAttributes {
  private final Object iterable;
  private final int depth;
  private final Optional<Callable> recurse;
  private Iterator<Object> items;
  private Optional<Object> before = Optional.empty();
  private Optional<Object> current = Optional.empty();
  private Optional<Object> after = Optional.empty();
  private Optional<PyTuple> lastChanged = Optional.empty();
  private long index0 = -1;
  private Optional<Long> length = Optional.empty();

  Loop(Object iterable, int depth, Optional<Callable> recurse) {
    this.iterable = iterable;
    this.items = Py.iterate(iterable);
    this.depth = depth;
    this.recurse = recurse;
  }

  /// Goes to the next item, if there is one.
  boolean advance() {
    Optional<Object> next = peek();
    if (next.isEmpty()) {
      return false;
    }
    before = current;
    current = next;
    after = Optional.empty();
    index0++;
    return true;
  }

  Object current() {
    return current.orElseThrow();
  }

  private Optional<Object> peek() {
    if (after.isEmpty() && items.hasNext()) {
      after = Optional.of(items.next());
    }
    return after;
  }

  /// The number of items; those of a generator are taken then.
  @Override
  public Optional<Long> length() {
    if (length.isEmpty()) {
      length = Py.size(iterable);
    }
    if (length.isEmpty()) {
      List<Object> rest = new ArrayList<>(Py.list(new PyIterator(items)));
      items = rest.iterator();
      length = Optional.of(index0 + 1 + (after.isPresent() ? 1 : 0) + rest.size());
    }
    return length;
  }

  private long size() {
    return length().orElseThrow();
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public Object call(Arguments arguments) {
    return recurse
        .orElseThrow(() ->
            JinjaException.type(
                "The loop must have the 'recursive' marker to be called recursively."))
        .call(arguments);
  }

  @Override
  public Optional<Object> attribute(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "index" -> index0 + 1;
          case "index0" -> index0;
          case "revindex" -> size() - index0;
          case "revindex0" -> size() - index0 - 1;
          case "first" -> index0 == 0;
          case "last" -> peek().isEmpty();
          case "length" -> size();
          case "depth" -> depth + 1L;
          case "depth0" -> (long) depth;
          case "previtem" ->
              before.isPresent() ? before.get() : Undefined.of("there is no previous item");
          case "nextitem" ->
              peek().isPresent() ? peek().get() : Undefined.of("there is no next item");
          case "cycle" -> new Function("<bound method LoopContext.cycle>", args -> cycle(args));
          case "changed" ->
              new Function("<bound method LoopContext.changed>", args -> changed(args));
          default -> null;
        });
  }

  private Object cycle(Arguments arguments) {
    List<Object> values = arguments.positional();
    if (values.isEmpty()) {
      throw JinjaException.type("no items for cycling given");
    }
    return values.get((int) (index0 % values.size()));
  }

  private Object changed(Arguments arguments) {
    PyTuple values = new PyTuple(arguments.positional());
    boolean same = lastChanged.isPresent() && Py.equal(lastChanged.get(), values);
    lastChanged = Optional.of(values);
    return !same;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "<LoopContext %d/%d>", index0 + 1, size());
  }
}
