package dev.burnish.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Memory of the large tensors of this process: kept when a tensor is freed, and reused by the
/// next.
///
/// Idea: the kernel clears every page that it hands out, and the host of a virtual machine may have
/// to find it first; for the gigabytes of tensors that a training step allocates and frees, that
/// was a sixth of the step. malloc can keep them, but then small pieces that stay leave gaps
/// between them. So large tensors get addresses of their own: one reserved run, of which each takes
/// the lowest gap that holds it; gaps that touch become one. Steps are alike, and a backward frees
/// adjacent memory, so the gaps stay few. Pages once touched stay with the process until [#trim].
///
/// Invariants: gaps and taken pieces are disjoint, made of whole grains, and no two gaps touch.
/// Threading: any thread may take and give back.
public final class LargeMemory {
  /// From this size on a tensor is large.
  static final long LARGE = 1 << 20;

  private static final long GRAIN = 1 << 16;

  /// Addresses, not memory: more than a machine has.
  private static final long RESERVED = 1L << 40;

  private static final class Shared {
    static final Optional<LargeMemory> MEMORY = Pages.reserve(RESERVED).map(LargeMemory::new);
  }

  /// Adjacent bytes.
  record Run(long start, long bytes) {
    long end() {
      return start + bytes;
    }
  }

  private final TreeMap<Long, Run> gaps = new TreeMap<>();
  private final Map<Long, Run> taken = new HashMap<>();
  private long touched;

  LargeMemory(Run all) {
    touched = all.start();
    gaps.put(all.start(), all);
  }

  /// The memory of this process; empty where the system does not reserve addresses without memory:
  /// systems other than Linux, and processes whose addresses are limited.
  static Optional<LargeMemory> shared() {
    return Shared.MEMORY;
  }

  /// Address of that many bytes with undefined contents, or nothing where no gap is large enough.
  synchronized OptionalLong take(long bytes) {
    long size = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    Optional<Run> lowest = gaps.values().stream().filter(gap -> gap.bytes() >= size).findFirst();
    if (lowest.isEmpty()) {
      return OptionalLong.empty();
    }
    Run gap = lowest.get();
    gaps.remove(gap.start());
    if (gap.bytes() > size) {
      gaps.put(gap.start() + size, new Run(gap.start() + size, gap.bytes() - size));
    }
    taken.put(gap.start(), new Run(gap.start(), size));
    touched = Math.max(touched, gap.start() + size);
    return OptionalLong.of(gap.start());
  }

  /// The same for memory of which only some pieces are ever written: it has small pages, so that
  /// little else is touched with them. They stay small when it is given back.
  OptionalLong takeSparse(long bytes) {
    OptionalLong address = take(bytes);
    address.ifPresent(at -> Pages.small(new Run(at, bytes)));
    return address;
  }

  /// Takes back what [#take] gave at that address.
  ///
  /// @throws IllegalStateException if it gave nothing there, or has it back already
  synchronized void give(long address) {
    Run run = taken.remove(address);
    if (run == null) {
      throw new IllegalStateException(
          "memory is given back once, where it was taken: address=0x" + Long.toHexString(address));
    }
    var below = gaps.floorEntry(run.start());
    if (below != null && below.getValue().end() == run.start()) {
      run = new Run(below.getKey(), below.getValue().bytes() + run.bytes());
    }
    Run above = gaps.remove(run.end());
    if (above != null) {
      run = new Run(run.start(), run.bytes() + above.bytes());
    }
    gaps.put(run.start(), run);
  }

  /// Returns the memory of freed large tensors to the operating system: for a process that has done
  /// with them for good, such as one whose model another process has taken over.
  public static void trim() {
    shared().ifPresent(memory -> memory.release(Pages::release));
  }

  /// Gives away the pages of all gaps that may have some, which are of zeros when they are taken
  /// again.
  synchronized void release(Consumer<Run> pages) {
    for (Run gap : gaps.headMap(touched).values()) {
      pages.accept(new Run(gap.start(), Math.min(gap.end(), touched) - gap.start()));
    }
    touched = taken.values().stream().mapToLong(Run::end).max().orElse(0);
  }

  /// The kernel's side: addresses and huge pages.
  private static final class Pages {
    private static final int READ_AND_WRITE = 1 | 2;
    private static final int PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;

    private Pages() {}

    static Optional<Run> reserve(long bytes) {
      if (!System.getProperty("os.name", "").equals("Linux")) {
        return Optional.empty();
      }
      var i = ValueLayout.JAVA_INT;
      var l = ValueLayout.JAVA_LONG;
      MethodHandle mmap = NativeFunctions.ofC("mmap", FunctionDescriptor.of(l, l, l, i, i, i, l));
      try {
        long at =
            (long) mmap.invokeExact(0L, bytes, READ_AND_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
        if (at == -1) {
          return Optional.empty();
        }
        // It works without huge pages too, so the result is ignored.
        advise(at, bytes, MADV_HUGEPAGE);
        return Optional.of(new Run(at, bytes));
      } catch (Throwable t) {
        throw new IllegalStateException("cannot reserve addresses: " + t, t);
      }
    }

    static void small(Run run) {
      advise(run.start(), run.bytes(), MADV_NOHUGEPAGE);
    }

    static void release(Run run) {
      advise(run.start(), run.bytes(), MADV_DONTNEED);
    }

    private static void advise(long at, long bytes, int advice) {
      var i = ValueLayout.JAVA_INT;
      var l = ValueLayout.JAVA_LONG;
      MethodHandle madvise = NativeFunctions.ofC("madvise", FunctionDescriptor.of(i, l, l, i));
      try {
        int _ = (int) madvise.invokeExact(at, bytes, advice);
      } catch (Throwable t) {
        throw new IllegalStateException("cannot advise on addresses: " + t, t);
      }
    }
  }
}
