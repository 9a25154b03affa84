package dev.burnish.train.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Where the state of a trainer lies in one piece of memory: the journal, room for the chunk that
/// an update is changing, then values, gradients and moments of each part of the model.
///
/// Each run begins on a page of its own, so that processes with the same layout find the same
/// values and pages of one are not touched with those of another.
///
/// @param journal bytes of [UpdateJournal], from the beginning
/// @param undo room for one chunk
/// @param bytes of everything
public record StateLayout(Run journal, Run undo, List<Part> parts, long bytes) {
  private static final long PAGE = 4096;

  public StateLayout {
    parts = List.copyOf(parts);
  }

  /// F32 elements of one part of a model; 0 where it has none.
  public record Elements(long values, long gradients, long first, long second) {}

  /// Bytes of the memory.
  public record Run(long offset, long bytes) {
    public MemorySegment in(MemorySegment memory) {
      return memory.asSlice(offset, bytes);
    }
  }

  /// One part of a model.
  public record Part(Run values, Run gradients, Run first, Run second) {}

  /// @param largestChunk elements of values and moments that an update changes at once
  public static StateLayout of(List<Elements> parts, long largestChunk) {
    Allocation next = new Allocation();
    Run journal = next.run(UpdateJournal.BYTES);
    Run undo = next.run(Float.BYTES * largestChunk);
    List<Part> placed = new ArrayList<>();
    for (Elements part : parts) {
      placed.add(
          new Part(
              next.run(Float.BYTES * part.values()),
              next.run(Float.BYTES * part.gradients()),
              next.run(Float.BYTES * part.first()),
              next.run(Float.BYTES * part.second())));
    }
    return new StateLayout(journal, undo, placed, next.end);
  }

  private static final class Allocation {
    private long end;

    Run run(long bytes) {
      Run run = new Run(end, bytes);
      end = (end + bytes + PAGE - 1) & -PAGE;
      return run;
    }
  }
}
