package dev.burnish.train.checkpoint;

import dev.burnish.concurrent.FaultPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The checkpoints of a run, in one folder: written by a thread of their own while training
/// continues, one at a time; the last few are kept, and the best one apart from them.
///
/// Invariants, whenever the process ends: a folder `step-<n>` is whole; the checkpoint before the
/// one that is being written is there; a folder that is unfinished or being removed has a hidden
/// name, and the next [#open] cleans it up. A write that fails leaves the earlier checkpoints as
/// they are and is reported by [#failure].
///
/// For one thread, which is not the writer's.
public final class Checkpoints implements AutoCloseable {
  static final String REPLACED = ".replaced-";
  private static final String NAME = "step-";

  private final Path folder;
  private final BestFile bestFile;
  private volatile int keep = 2;
  private @Nullable Write inFlight;
  private Optional<RuntimeException> failure = Optional.empty();

  private Checkpoints(Path folder) {
    this.folder = folder;
    bestFile = new BestFile(folder);
  }

  /// Opens a folder, which is created with the first checkpoint, and cleans up the unfinished files
  /// of a process that was killed. The latest two are kept.
  public static Checkpoints open(Path folder) {
    try {
      for (Path old : Folders.list(folder, REPLACED)) {
        Path place = folder.resolve(old.getFileName().toString().substring(REPLACED.length()));
        if (!Files.exists(place)) {
          Folders.rename(old, place);
        }
      }
      for (Path unfinished : Folders.list(folder, ".")) {
        Folders.delete(unfinished);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot clear away unfinished checkpoints: folder=%s (%s); see that it can be written to"
              .formatted(folder, e),
          e);
    }
    return new Checkpoints(folder);
  }

  /// Sets how many of the latest checkpoints are kept, from the next one on.
  public void keep(int number) {
    if (number < 1) {
      throw new IllegalArgumentException(
          "at least one checkpoint is kept: keep=%d; a run without one cannot go on"
              .formatted(number));
    }
    keep = number;
  }

  /// All checkpoints, oldest first, whole or not.
  public List<Path> all() {
    return Folders.list(folder, NAME);
  }

  /// The path of the checkpoint of a number, if it is there.
  public Path place(long number) {
    return folder.resolve(String.format(Locale.ROOT, "%s%08d", NAME, number));
  }

  /// The newest checkpoint that is whole. Newer ones that are damaged are set aside under another
  /// name, each with a line to `say`.
  ///
  /// @throws IllegalArgumentException if there are some and none is whole; nothing is changed then
  public Optional<Snapshot> newest(Consumer<String> say) {
    SortedMap<Path, String> damaged = new TreeMap<>();
    for (Path candidate : all().reversed()) {
      Optional<String> damage = Snapshot.damage(candidate);
      if (damage.isEmpty()) {
        damaged.forEach((path, why) -> setAside(path, why, candidate, say));
        return Optional.of(Snapshot.open(candidate));
      }
      damaged.put(candidate, damage.get());
    }
    if (!damaged.isEmpty()) {
      throw new IllegalArgumentException(
          "a run goes on from a whole checkpoint: folder=%s has none: %s; put a copy back, or start a new run"
              .formatted(
                  folder,
                  damaged.entrySet().stream()
                      .map(e -> e.getKey().getFileName() + ": " + e.getValue())
                      .collect(Collectors.joining(", "))));
    }
    return Optional.empty();
  }

  private static void setAside(Path path, String why, Path good, Consumer<String> say) {
    Path aside = path.resolveSibling("damaged-" + path.getFileName());
    try {
      Folders.delete(aside);
      Folders.rename(path, aside);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot set a damaged checkpoint aside: " + e, e);
    }
    say.accept(
        "checkpoint %s is damaged: %s; it is now %s, and the run goes on from %s"
            .formatted(path.getFileName(), why, aside.getFileName(), good.getFileName()));
  }

  /// Writes a checkpoint once the one before it is written. Returns while the writer reads
  /// `tensors`, which it closes.
  ///
  /// @param number that names the checkpoint and orders it among the others
  /// @param sections bytes by name, in letters, digits and dashes
  /// @param best set where this is the best checkpoint so far
  public void save(long number, Pieces tensors, Map<String, byte[]> sections, Optional<Best> best) {
    await();
    inFlight = new Write(number, tensors, new TreeMap<>(sections), best);
    inFlight.thread.start();
  }

  /// Waits for the checkpoint that is being written.
  public void await() {
    Write write = inFlight;
    if (write != null) {
      write.awaitEnd();
      take(write);
    }
  }

  private void take(Write ended) {
    failure = ended.failure.or(() -> failure);
    inFlight = null;
  }

  /// Returns why a saved checkpoint is missing, once, as soon as that is known.
  public Optional<RuntimeException> failure() {
    Write write = inFlight;
    if (write != null && write.hasEnded()) {
      take(write);
    }
    Optional<RuntimeException> result = failure;
    failure = Optional.empty();
    return result;
  }

  /// The best checkpoint so far, even if it is still being written.
  public Optional<Best> best() {
    return Optional.ofNullable(inFlight).flatMap(Write::promised).or(this::written);
  }

  /// The best checkpoint that is there.
  private Optional<Best> written() {
    return bestFile.read().filter(best -> Files.exists(place(best.number())));
  }

  /// Forgets the best checkpoint if it is of a later step than the run resumes from.
  public void forgetBestAfter(long number) {
    if (best().filter(best -> best.number() > number).isPresent()) {
      bestFile.remove();
    }
  }

  /// Waits for the checkpoint that is being written.
  ///
  /// @throws UncheckedIOException if it, or an earlier one of which [#failure] was not asked, could
  ///   not be written
  @Override
  public void close() {
    await();
    failure()
        .ifPresent(cause -> {
          throw cause;
        });
  }

  /// A checkpoint that is being written.
  private final class Write {
    private final long number;
    private final Pieces tensors;
    private final SortedMap<String, byte[]> sections;
    private final Optional<Best> best;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition end = lock.newCondition();
    private boolean ended;
    private volatile Optional<RuntimeException> failure = Optional.empty();

    Write(long number, Pieces tensors, SortedMap<String, byte[]> sections, Optional<Best> best) {
      this.number = number;
      this.tensors = tensors;
      this.sections = sections;
      this.best = best;
      thread = Thread.ofPlatform().name("checkpoint/" + number).unstarted(this::run);
    }

    /// Waits however long it takes: the next step may change what is being written.
    void awaitEnd() {
      lock.lock();
      try {
        while (!ended) {
          end.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    }

    /// The checkpoint that will be the best one, unless the write has failed.
    Optional<Best> promised() {
      return failure.isPresent() ? Optional.empty() : best;
    }

    boolean hasEnded() {
      lock.lock();
      try {
        return ended;
      } finally {
        lock.unlock();
      }
    }

    private void run() {
      try {
        write();
      } finally {
        lock.lock();
        try {
          ended = true;
          end.signalAll();
        } finally {
          lock.unlock();
        }
      }
    }

    private void write() {
      try (tensors) {
        SnapshotWriter.write(place(number), number, tensors, sections);
        FaultPoint.reach("checkpoint.best");
        if (best.isPresent()) {
          bestFile.write(best.get());
        }
        FaultPoint.reach("checkpoint.prune");
        prune();
      } catch (IOException | RuntimeException | Error e) {
        failure =
            Optional.of(
                new UncheckedIOException(
                    "cannot write a checkpoint: folder=%s (%s); free space on its disk, the earlier ones are as they were"
                        .formatted(place(number), e.getMessage()),
                    e instanceof IOException io ? io : new IOException(e)));
      }
    }

    private void prune() throws IOException {
      long apart = written().map(Best::number).orElse(Long.MIN_VALUE);
      List<Path> all = all();
      for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
        if (!old.equals(place(apart))) {
          FaultPoint.reach("checkpoint.remove");
          Folders.remove(old);
        }
      }
    }
  }
}
