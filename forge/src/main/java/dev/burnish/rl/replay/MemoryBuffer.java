package dev.burnish.rl.replay;

import dev.burnish.actor.Context;
import dev.burnish.rollout.ScoredGroup;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/// The [ReplayBuffer] that holds groups in the memory of its process. As an actor it runs one call
/// at a time; one that waits lets the others run.
public final class MemoryBuffer implements ReplayBuffer {
  private final BufferConfig config;
  private final Map<Long, Held<ScoredGroup>> arriving = new HashMap<>();
  private long arrivingFor;
  private GroupBuffer<ScoredGroup> buffer;
  private long incarnation;

  /// An empty buffer, of incarnation 0.
  public MemoryBuffer(BufferConfig config) {
    this.config = config;
    this.buffer = new GroupBuffer<>(config);
  }

  @Override
  public void hold(long of, Held<ScoredGroup> group) {
    if (of != arrivingFor) {
      arriving.clear();
      arrivingFor = of;
    }
    arriving.put(group.position(), group);
  }

  @Override
  public void restore(long of, Snapshot<Long> state) {
    if (of == incarnation) {
      return;
    }
    if (of < incarnation) {
      throw new UnknownIncarnationException(
          "content must be newer than what it replaces: incarnation=%d given=%d"
              .formatted(incarnation, of));
    }
    buffer = new GroupBuffer<>(config, state.map(held -> arrived(of, held.group())));
    incarnation = of;
    arriving.clear();
  }

  private ScoredGroup arrived(long of, long position) {
    Held<ScoredGroup> held = arriving.get(position);
    if (of != arrivingFor || held == null) {
      throw new UnknownIncarnationException(
          "every group must arrive before its state: incarnation=%d missing=%d"
              .formatted(of, position));
    }
    return held.group();
  }

  @Override
  public void add(long of, Held<ScoredGroup> group) {
    await(of, () -> buffer.canAdd(group.position()));
    buffer.add(group);
  }

  @Override
  public void skip(long of, long position) {
    check(of);
    buffer.skip(position);
  }

  @Override
  public Batch<Long> take(long of, long version) {
    await(of, () -> buffer.canTake(version));
    return buffer.take(version).map(Held::position);
  }

  @Override
  public Held<ScoredGroup> group(long of, long position) {
    check(of);
    return buffer
        .find(position)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "a group must wait or be in training to be fetched: position=%d held=%d"
                    .formatted(position, buffer.size())));
  }

  @Override
  public void release(long of, long version) {
    check(of);
    buffer.release(version);
  }

  @Override
  public void prioritise(long of, long position, double priority) {
    check(of);
    buffer.prioritise(position, priority);
  }

  /// Waits for a condition of the content, for as long as it is that content.
  private void await(long of, BooleanSupplier condition) {
    check(of);
    if (!condition.getAsBoolean()) {
      Context.await(() -> of != incarnation || condition.getAsBoolean());
      check(of);
    }
  }

  private void check(long of) {
    if (of != incarnation) {
      throw new UnknownIncarnationException(
          "the buffer must have the content that the caller knows: incarnation=%d expected=%d; restore it"
              .formatted(incarnation, of));
    }
  }
}
