package dev.burnish.text.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The values of a template, beside String, Boolean, Long, BigInteger and Double.
final class Value {
  private Value() {}

  /// Python's None.
  enum None {
    NONE
  }

  /// A list. Its items never change: the sandbox has no method that changes a value.
  record PyList(List<Object> items) {}

  /// A tuple; the names, where there are any, are those of its fields.
  record PyTuple(List<Object> items, List<String> names) {
    PyTuple(List<Object> items) {
      this(items, List.of());
    }

    static PyTuple of(Object... items) {
      return new PyTuple(List.of(items));
    }
  }

  /// A dict, in the order of insertion, with Python's equality of keys (1, 1.0 and True are one
  /// key).
  static final class PyDict {
    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    record Entry(Object key, Object value) {}

    void put(Object key, Object value) {
      Object hash = Py.hashKey(key);
      Entry old = entries.get(hash);
      entries.put(hash, new Entry(old == null ? key : old.key(), value));
    }

    Optional<Object> get(Object key) {
      return Optional.ofNullable(entries.get(Py.hashKey(key))).map(Entry::value);
    }

    boolean containsKey(Object key) {
      return entries.containsKey(Py.hashKey(key));
    }

    int size() {
      return entries.size();
    }

    Iterable<Entry> entries() {
      return entries.values();
    }

    /// The entries by key; keys that cannot be compared are an error.
    List<Entry> sortedEntries() {
      List<Entry> sorted = new ArrayList<>(entries.values());
      sorted.sort(Comparator.comparing(Entry::key, (a, b) -> Py.order("<", a, b)));
      return sorted;
    }

    /// Its keys, values or pairs, as an iterator makes them.
    Iterator<Object> iterator(DictView.Kind kind) {
      Iterator<Entry> source = entries.values().iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return source.hasNext();
        }

        @Override
        public Object next() {
          Entry entry = source.next();
          return switch (kind) {
            case KEYS -> entry.key();
            case VALUES -> entry.value();
            case ITEMS -> PyTuple.of(entry.key(), entry.value());
          };
        }
      };
    }
  }

  /// What `keys()`, `values()` and `items()` of a dict return.
  record DictView(PyDict dict, Kind kind) {
    enum Kind {
      KEYS,
      VALUES,
      ITEMS
    }
  }

  /// What `range()` returns.
  record PyRange(long start, long stop, long step) {
    long size() {
      if (step > 0) {
        return stop <= start ? 0 : (stop - start - 1) / step + 1;
      }
      return stop >= start ? 0 : (start - stop - 1) / -step + 1;
    }
  }

  /// A generator: its values come once.
  record PyIterator(Iterator<Object> iterator) {}

  /// Text that a filter has marked as safe HTML: what is joined to it is escaped.
  record Markup(String text) {}

  /// A value that is not there, and why: prints nothing, is empty, and fails wherever more is asked
  /// of it.
  record Undefined(String type, String reason) {
    static Undefined of(String reason) {
      return new Undefined("UndefinedError", reason);
    }

    static Undefined name(String name) {
      return of(Repr.ofString(name) + " is undefined");
    }

    static Undefined attribute(Object object, Object name) {
      return of(
          name instanceof String text
              ? "%s has no attribute %s"
                  .formatted(Repr.ofString(Py.describe(object)), Repr.ofString(text))
              : "%s has no element %s".formatted(Py.describe(object), Repr.of(name)));
    }

    static Undefined unsafe(Object object, String name) {
      return new Undefined(
          "SecurityError",
          "access to attribute %s of %s object is unsafe."
              .formatted(Repr.ofString(name), Repr.ofString(Py.typeName(object))));
    }

    JinjaException failure() {
      return JinjaException.of(type, reason);
    }
  }

  /// What `namespace()` returns: attributes that inner scopes may set.
  record Namespace(PyDict attributes) {}

  /// A value with attributes of its own, such as `loop`.
  interface HasAttributes {
    Optional<Object> attribute(String name);
  }

  /// A value that can be called.
  interface Callable {
    Object call(Interpreter interpreter, Arguments arguments);
  }

  /// A function or method that can be called, and printed.
  record Function(String repr, Callable body) implements Callable {
    @Override
    public Object call(Interpreter interpreter, Arguments arguments) {
      return body.call(interpreter, arguments);
    }
  }
}
