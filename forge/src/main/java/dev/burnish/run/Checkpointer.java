package dev.burnish.run;

import dev.burnish.metrics.StepMetrics;
import dev.burnish.train.Checkpointed;
import dev.burnish.train.checkpoint.Best;
import dev.burnish.train.checkpoint.Best.Goal;
import dev.burnish.train.checkpoint.Checkpoints;
import dev.burnish.train.checkpoint.NamedPieces;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Resumable;
import dev.burnish.train.checkpoint.Snapshot;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Writes the checkpoints of a run: its trainers, and a section for everything else that has a
/// state. Restores them all when the run is resumed, and keeps the best by a metric.
///
/// Threading: the thread of the training loop, except [#request].
public final class Checkpointer implements AutoCloseable {
  /// A metric whose best step has a checkpoint.
  private record Watched(String metric, Goal goal) {}

  private final Consumer<String> say;
  private final Checkpoints files;
  private final Optional<Snapshot> from;
  private final Map<String, Resumable> others = new TreeMap<>();
  // The first is that of the run's model; it has no name.
  private final Map<String, Checkpointed> trainers = new LinkedHashMap<>();
  private Optional<Watched> watched = Optional.empty();
  private long every = 100;
  private long failed;
  private volatile boolean requested;
  private Map<String, byte[]> sections = Map.of();

  /// @param say tells the user of damaged checkpoints and failed writes
  public Checkpointer(Path folder, Consumer<String> say) {
    this.say = say;
    files = Checkpoints.open(folder);
    from = files.newest(say);
    files.forgetBestAfter(firstStep());
  }

  /// The step of the checkpoint from which the run is resumed, or 0.
  public long firstStep() {
    return from.map(Snapshot::number).orElse(0L);
  }

  public boolean isResumed() {
    return from.isPresent();
  }

  public void every(long steps) {
    if (steps < 1) {
      throw new IllegalArgumentException(
          "checkpoints are at least a step apart: checkpointEvery=%d; give 1 for one a step"
              .formatted(steps));
    }
    every = steps;
  }

  public void keep(int number) {
    files.keep(number);
  }

  public void keepBest(String metric, Goal goal) {
    watched = Optional.of(new Watched(metric, goal));
  }

  /// Adds the trainer of the run's model to checkpoints, and restores it when the run is resumed.
  public void keep(Checkpointed kept) {
    keep("", kept);
  }

  /// Adds the trainer of another model, such as a critic.
  public void keep(String name, Checkpointed kept) {
    if (trainers.putIfAbsent(name, kept) != null) {
      throw new IllegalArgumentException(
          "each trainer that a run keeps must have a name of its own: name=%s is taken; choose another"
              .formatted(name));
    }
    kept.health().checkpointIn(this::lastGood);
    from.ifPresent(snapshot -> kept.restore(snapshot.ofOwner(name)));
  }

  /// The trainers that the run keeps.
  public Collection<Checkpointed> trainers() {
    return Collections.unmodifiableCollection(trainers.values());
  }

  private String lastGood() {
    files.await();
    return files.all().isEmpty() ? "" : files.all().getLast().toString();
  }

  /// Adds the state of another object to checkpoints, and restores it when the run is resumed and
  /// its checkpoint has that name.
  public void keep(String name, Resumable other) {
    if (others.put(name, other) != null) {
      throw new IllegalArgumentException(
          "each thing that a run keeps must have a name of its own: name=%s is taken; choose another"
              .formatted(name));
    }
    from.flatMap(snapshot -> snapshot.section(name)).ifPresent(other::resume);
  }

  /// Requests a checkpoint of the step that is completed next, whether or not one is due. For any
  /// thread.
  public void request() {
    requested = true;
  }

  /// Writes what is due after a step was completed, and reports the write before it if it failed.
  /// States are taken now: a step that is abandoned later has no share in a checkpoint.
  public void completed(StepMetrics step) {
    sections = states();
    files.failure().ifPresent(this::tell);
    Optional<Best> best = improved(step);
    if (step.step() % every == 0 || best.isPresent() || requested) {
      save(step.step(), best);
    }
  }

  private void tell(RuntimeException failure) {
    failed++;
    requested = true;
    say.accept(failure.getMessage() + "; trying again");
  }

  private Optional<Best> improved(StepMetrics step) {
    if (watched.isEmpty()) {
      return Optional.empty();
    }
    OptionalDouble value = step.get(watched.get().metric());
    if (value.isEmpty() || Double.isNaN(value.getAsDouble())) {
      return Optional.empty();
    }
    Best candidate = new Best(watched.get().metric(), value.getAsDouble(), step.step());
    return Optional.of(candidate)
        .filter(c -> files.best().filter(b -> !watched.get().goal().better(c, b)).isEmpty());
  }

  private void save(long step, Optional<Best> best) {
    if (!trainers.isEmpty()) {
      // A failure during this wait is reported now: the next failure would take its place.
      files.await();
      files.failure().ifPresent(this::tell);
      requested = false;
      files.save(step, freeze(), sections.isEmpty() ? states() : sections, best);
    }
  }

  private Pieces freeze() {
    Map<String, Supplier<Pieces>> sources = new LinkedHashMap<>();
    trainers.forEach((name, kept) -> sources.put(name, kept::freeze));
    return NamedPieces.take(sources);
  }

  private Map<String, byte[]> states() {
    Map<String, byte[]> states = new TreeMap<>();
    trainers.forEach(
        (name, kept) -> states.put(NamedPieces.nameOf(name, Checkpointed.SECTION), kept.state()));
    others.forEach((name, other) -> states.put(name, other.state()));
    return states;
  }

  /// Writes the last step, as it was when it was completed, and waits until it is on the disk.
  ///
  /// @throws java.io.UncheckedIOException if it cannot be written
  public void saveLast(long step) {
    files.await();
    files.failure().ifPresent(this::tell);
    if (files.all().stream().noneMatch(files.place(step)::equals)) {
      save(step, Optional.empty());
    }
    files.await();
    files
        .failure()
        .ifPresent(failure -> {
          throw failure;
        });
  }

  /// The best checkpoint by the metric that is watched, if any is.
  public Optional<Best> best() {
    return watched.flatMap(by -> files.best().filter(best -> best.metric().equals(by.metric())));
  }

  /// Puts the weights of the best checkpoint into the trainers.
  public void restoreBest(Best best) {
    Snapshot snapshot = Snapshot.open(files.place(best.number()));
    trainers.forEach((name, of) -> of.restoreWeights(snapshot.ofOwner(name)));
  }

  /// Checkpoints that could not be written.
  public long failed() {
    return failed;
  }

  @Override
  public void close() {
    files.close();
  }
}
