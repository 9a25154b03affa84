package dev.burnish.rl.ledger;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Counts the ends of groups: each group that is dispatched ends exactly once, and the sums say so.
///
/// Thread-safe. It is part of a checkpoint; groups that were open then are open again after a
/// resume, and the caller of [#resume] dispatches them again.
public final class Ledger {
  private final SortedMap<Long, Integer> open = new TreeMap<>();
  private final EnumMap<GroupEnd.Kind, Long> ended = new EnumMap<>(GroupEnd.Kind.class);
  private long numDispatched;
  private long numRetries;

  public Ledger() {
    for (GroupEnd.Kind kind : GroupEnd.Kind.values()) {
      ended.put(kind, 0L);
    }
  }

  /// The numbers at a moment.
  ///
  /// @param dispatched groups that were begun
  /// @param open groups that have not ended
  /// @param retries attempts beyond the first ones
  /// @param ended groups by how they ended
  public record Funnel(long dispatched, long open, long retries, Map<GroupEnd.Kind, Long> ended) {
    public Funnel {
      ended = Map.copyOf(ended);
    }

    public long ended(GroupEnd.Kind kind) {
      return ended.getOrDefault(kind, 0L);
    }
  }

  /// Begins a group, or begins it again after a failed attempt.
  ///
  /// @param position of the group in the data
  /// @return the number of the attempt, from 1
  public synchronized int dispatch(long position) {
    int attempt = open.merge(position, 1, Integer::sum);
    if (attempt == 1) {
      numDispatched++;
    } else {
      numRetries++;
    }
    return attempt;
  }

  /// Ends a group.
  ///
  /// @throws IllegalStateException unless it was dispatched and has not ended
  public synchronized void end(long position, GroupEnd end) {
    if (open.remove(position) == null) {
      throw new IllegalStateException(
          "a group must be open to end: position=%d end=%s".formatted(position, end));
    }
    ended.merge(end.kind(), 1L, Long::sum);
  }

  /// Whether a group was dispatched and has not ended.
  public synchronized boolean isOpen(long position) {
    return open.containsKey(position);
  }

  /// The positions that were dispatched and have not ended.
  public synchronized List<Long> open() {
    return List.copyOf(open.keySet());
  }

  /// How often a group that is open was begun.
  public synchronized int attempts(long position) {
    return open.getOrDefault(position, 0);
  }

  public synchronized Funnel funnel() {
    return new Funnel(numDispatched, open.size(), numRetries, ended);
  }

  /// Checks that every group that was dispatched is open or has ended once.
  ///
  /// @throws IllegalStateException if the sums differ: a bug of the loop
  public synchronized void check() {
    long sum = open.size() + ended.values().stream().mapToLong(count -> count).sum();
    if (sum != numDispatched) {
      throw new IllegalStateException(
          "every group must be open or have ended once: dispatched=%d open=%d ended=%s"
              .formatted(numDispatched, open.size(), ended));
    }
  }

  /// All numbers, for a checkpoint.
  ///
  /// @throws IllegalStateException as [#check]
  public synchronized byte[] state() {
    check();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(numDispatched);
      out.writeLong(numRetries);
      for (GroupEnd.Kind kind : GroupEnd.Kind.values()) {
        out.writeLong(ended.getOrDefault(kind, 0L));
      }
      for (Map.Entry<Long, Integer> each : open.entrySet()) {
        out.writeLong(each.getKey());
        out.writeInt(each.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /// Restores a state.
  ///
  /// @throws IllegalArgumentException if it is not the state of a ledger
  public synchronized void resume(byte[] state) {
    open.clear();
    ended.clear();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(state))) {
      numDispatched = in.readLong();
      numRetries = in.readLong();
      for (GroupEnd.Kind kind : GroupEnd.Kind.values()) {
        ended.put(kind, in.readLong());
      }
      while (in.available() > 0) {
        open.put(in.readLong(), in.readInt());
      }
      check();
    } catch (IOException | IllegalStateException e) {
      throw new IllegalArgumentException(
          "not the state of a ledger: bytes=%d (%s)".formatted(state.length, e.getMessage()), e);
    }
  }
}
