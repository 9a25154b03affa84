package dev.burnish.link;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.wire.WireException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The actors that wait for a call, because it is made within calls of theirs; outermost first.
/// Only calls that some actor waits for carry a chain: before the arguments, with [#MARK] in the
/// number of their method. All others carry no extra bytes.
///
/// As bytes, big endian: `count u16`, then for each `actor i64 | turn i64 | length u8 | name
/// UTF-8`.
///
/// @param waiters at most [#MOST]
public record CallChain(List<Waiter> waiters) {
  /// The chain of a call that no actor waits for.
  public static final CallChain NONE = new CallChain(List.of());

  /// The most calls that wait for one another.
  public static final int MOST = 1024;

  /// The bit in the number of a method that says that a chain comes before the arguments.
  static final int MARK = 1 << 30;

  private static final int MAX_NAME = 60;

  /// The actors that wait for the work of this thread.
  private static final ScopedValue<Supplier<CallChain>> CURRENT = ScopedValue.newInstance();

  /// An actor that resumes when the call has ended.
  ///
  /// @param actor its number, which is unique
  /// @param turn which of its turns waits
  /// @param name for people, such as `counters[1].add`; cut at 60 characters
  public record Waiter(long actor, long turn, String name) {
    /// Cuts the name.
    public Waiter {
      name = name.length() > MAX_NAME ? name.substring(0, MAX_NAME) : name;
    }
  }

  /// Cannot be changed.
  public CallChain {
    waiters = List.copyOf(waiters);
  }

  /// The actors that wait for the work of this thread: for a call that it makes, or an element that
  /// it takes from a stream.
  public static CallChain current() {
    return CURRENT.isBound() ? CURRENT.get().get() : NONE;
  }

  /// Runs work that these actors wait for, and no others.
  public void during(Runnable work) {
    if (isEmpty() && !CURRENT.isBound()) {
      work.run();
    } else {
      bound(() -> this).run(work);
    }
  }

  /// As [#during(Runnable)], with a result.
  public <R extends @Nullable Object, X extends Throwable> R during(
      ScopedValue.CallableOp<R, X> work) throws X {
    return isEmpty() && !CURRENT.isBound() ? work.call() : bound(() -> this).call(work);
  }

  /// Returns the bindings for work that these actors wait for with the turn of another one, which
  /// waits for it too.
  ///
  /// @param waiter asked when the work calls others
  public ScopedValue.Carrier inTurn(Supplier<Waiter> waiter) {
    return bound(() -> then(waiter.get()));
  }

  private static ScopedValue.Carrier bound(Supplier<CallChain> current) {
    return ContextPropagation.with(CallChain::handedOn).where(CURRENT, current);
  }

  /// Actors that wait for the thread that hands work over also wait for the one that gets it.
  private static Runnable handedOn(Runnable work) {
    CallChain waiting = current();
    return () -> waiting.during(work);
  }

  /// Whether no actor waits.
  public boolean isEmpty() {
    return waiters.isEmpty();
  }

  /// The chain for the calls of a further waiter.
  ///
  /// @throws IllegalStateException if it is too long
  public CallChain then(Waiter waiter) {
    if (waiters.size() >= MOST) {
      throw new IllegalStateException(
          "calls wait for one another within bounds: depth=%d (at most %d) first=%s last=%s; end the recursion, or send on without waiting (broadcast)"
              .formatted(
                  waiters.size() + 1, MOST, waiters.getFirst().name(), waiters.getLast().name()));
    }
    List<Waiter> longer = new ArrayList<>(waiters.size() + 1);
    longer.addAll(waiters);
    longer.add(waiter);
    return new CallChain(longer);
  }

  /// The waiters from a turn of an actor on, which wait for each other; empty if that turn is not
  /// in the chain.
  public List<Waiter> from(long actor, long turn) {
    for (int i = 0; i < waiters.size(); i++) {
      if (waiters.get(i).actor() == actor && waiters.get(i).turn() == turn) {
        return waiters.subList(i, waiters.size());
      }
    }
    return List.of();
  }

  /// The payload of a call: this chain, then the arguments.
  byte[] before(byte[] arguments) {
    if (isEmpty()) {
      return arguments;
    }
    List<byte[]> names = waiters.stream().map(waiter -> waiter.name().getBytes(UTF_8)).toList();
    int size = names.stream().mapToInt(name -> 2 * Long.BYTES + 1 + name.length).sum();
    ByteBuffer out = ByteBuffer.allocate(Short.BYTES + size + arguments.length);
    out.putShort((short) waiters.size());
    for (int i = 0; i < waiters.size(); i++) {
      out.putLong(waiters.get(i).actor()).putLong(waiters.get(i).turn());
      out.put((byte) names.get(i).length).put(names.get(i));
    }
    return out.put(arguments).array();
  }

  /// Encodes the chain when it does not begin a call; empty if no actor waits.
  byte[] encode() {
    return before(new byte[0]);
  }

  /// Reads what [#encode] wrote.
  ///
  /// @throws WireException if there is no such chain
  static CallChain decode(byte[] bytes) {
    return bytes.length == 0 ? NONE : read(ByteBuffer.wrap(bytes));
  }

  /// Reads what [#before] wrote; the arguments are left.
  ///
  /// @throws WireException if there is no such chain
  static CallChain read(ByteBuffer in) {
    try {
      int count = Short.toUnsignedInt(in.getShort());
      if (count == 0 || count > MOST) {
        throw new WireException(
            "a chain of calls has a length: length=%d (1 to %d)".formatted(count, MOST));
      }
      List<Waiter> waiters = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        waiters.add(new Waiter(in.getLong(), in.getLong(), name(in)));
      }
      return new CallChain(waiters);
    } catch (BufferUnderflowException e) {
      throw new WireException("a chain of calls has all its waiters: size=" + in.limit(), e);
    }
  }

  private static String name(ByteBuffer in) {
    byte[] name = new byte[Byte.toUnsignedInt(in.get())];
    in.get(name);
    return new String(name, UTF_8);
  }
}
