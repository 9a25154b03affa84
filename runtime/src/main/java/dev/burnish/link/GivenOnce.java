package dev.burnish.link;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The iterators of this process that were given to a call. What one call takes another does not
/// get, so that each goes to one call: not to several actors, and not to a call that is made again.
/// Thread-safe.
final class GivenOnce {
  static final GivenOnce HERE = new GivenOnce();

  private final Set<Key> given = new HashSet<>();
  private final ReferenceQueue<Iterator<?>> dropped = new ReferenceQueue<>();

  /// The iterator itself, not what it says it is equal to.
  private static final class Key extends WeakReference<Iterator<?>> {
    private final int hash;

    Key(Iterator<?> iterator, ReferenceQueue<Iterator<?>> dropped) {
      super(iterator, dropped);
      hash = System.identityHashCode(iterator);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // what it is for
    public boolean equals(@Nullable Object other) {
      return this == other
          || (other instanceof Key key && key.hash == hash && get() != null && get() == key.get());
    }
  }

  /// @throws IllegalArgumentException if it was given to another call
  synchronized void give(Iterator<?> iterator) {
    forget();
    if (!given.add(new Key(iterator, dropped))) {
      throw new IllegalArgumentException(
          "an iterator is given to one call of one actor, as what one takes another does not get: iterator=%s; make one for each call, or pass a list"
              .formatted(iterator.getClass().getName()));
    }
  }

  /// Nothing was taken of it.
  synchronized void takeBack(Iterator<?> iterator) {
    given.remove(new Key(iterator, dropped));
  }

  private void forget() {
    for (Reference<?> key = dropped.poll(); key != null; key = dropped.poll()) {
      given.remove(key);
    }
  }
}
