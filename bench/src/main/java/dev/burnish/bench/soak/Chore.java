package dev.burnish.bench.soak;

import dev.burnish.actor.Idempotent;
import dev.burnish.link.Region;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The work of actors and replicas in the soak run.
interface Chore {
  @Idempotent
  int state();

  void set(int value);

  void fail();

  /// Waits, even if it is interrupted, then gives a region away.
  Region late(long millis);

  /// The sum of the first bytes.
  int read(Region region);

  /// Reads one element and leaves the rest.
  int first(Iterator<byte[]> elements);

  Iterator<byte[]> many();

  void tell(Consumer<String> listener);

  void print(int numLines);

  Vitals vitals();

  /// See [Chore].
  final class Actor implements Chore {
    private static final int SIZE = 1 << 20;

    private final byte[] own = new byte[SIZE];
    private int state;

    @Override
    public int state() {
      return state + own[state % SIZE];
    }

    @Override
    public void set(int value) {
      state = value;
    }

    @Override
    public void fail() {
      throw new IllegalStateException("as the long run asks");
    }

    @Override
    public Region late(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        // The region is made even for a caller who no longer waits.
      }
      return Region.allocate(SIZE);
    }

    @Override
    public int read(Region region) {
      return region.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
    }

    @Override
    public int first(Iterator<byte[]> elements) {
      return elements.next().length;
    }

    @Override
    public Iterator<byte[]> many() {
      return Stream.generate(() -> new byte[10_000]).iterator();
    }

    @Override
    public void tell(Consumer<String> listener) {
      List.of("one", "two").forEach(listener);
    }

    @Override
    public void print(int numLines) {
      for (int i = 0; i < numLines; i++) {
        System.out.println("line " + i + " of " + numLines);
      }
    }

    @Override
    public Vitals vitals() {
      return Vitals.look();
    }
  }
}
