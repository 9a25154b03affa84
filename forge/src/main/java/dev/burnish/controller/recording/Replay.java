package dev.burnish.controller.recording;

import dev.burnish.controller.recording.StepRecording.Entry.Version;
import dev.burnish.controller.worker.Opened;
import dev.burnish.model.LanguageModel;
import dev.burnish.train.checkpoint.Snapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/// Trains a run again from its recordings, in this process and without generating, and compares the
/// weights after every step with those that the run had, by the digest of each part: those of the
/// policy, then those of the critic where the run has one.
///
/// It begins at a checkpoint, or at the state that the run began with. Neither rollouts nor rewards
/// have a part in it, so it also proves a run whose rollouts depended on timing. One thread.
public final class Replay implements AutoCloseable {
  private static final int LINES = 10;

  private final RecordedSteps recorded;
  private final Consumer<String> say;
  private ReplayTrainer trainer;

  /// The steps to be trained again.
  ///
  /// @param from step whose checkpoint is the beginning, 0 for that of the run; the earliest there
  ///   is unless given
  /// @param to the last step; that of the recording unless given
  public record Range(OptionalLong from, OptionalLong to) {}

  /// The result.
  public sealed interface Verdict {
    /// All versions of the weights are those of the run.
    ///
    /// @param versions that were compared
    /// @param parts of each, those of all models together
    record Same(long versions, int parts) implements Verdict {}

    /// The first version that is not.
    ///
    /// @param model whose weights it is of, `policy` or `critic`
    /// @param part the first that differs
    /// @param parameter the first of the part
    /// @param recorded digest of the part
    /// @param computed digest of the part
    record Different(
        String model, long version, int part, String parameter, long recorded, long computed)
        implements Verdict {}
  }

  private Replay(RecordedSteps recorded, Consumer<String> say, ReplayTrainer trainer) {
    this.recorded = recorded;
    this.say = say;
    this.trainer = trainer;
  }

  /// Trains steps of a run again.
  ///
  /// @param run its folder
  /// @param sources loads the model under an adaptation, by its name as the run knew it
  /// @param say takes a line per range of steps
  /// @throws IllegalArgumentException if there is no recording, it is damaged before the last step,
  ///   or the checkpoint is not there
  public static Verdict of(
      Path run, Range range, Function<String, LanguageModel> sources, Consumer<String> say) {
    try (Opened open = new Opened()) {
      List<RecordedSteps> all =
          Stream.of(TrainerRole.values())
              .filter(role -> role == TrainerRole.POLICY || role.isRecorded(run))
              .map(role -> open.add(RecordedSteps.open(run, role)))
              .toList();
      long to =
          range.to().orElseGet(() -> all.stream().mapToLong(Replay::last).min().orElseThrow());
      all.forEach(each -> each.requireVersion(to));
      ReplayStart start = ReplayStart.find(run, range.from(), to);
      say.accept(
          "trains steps %d to %d again, from %s"
              .formatted(start.step() + 1, to, run.relativize(start.folder())));
      int parts = 0;
      for (RecordedSteps recorded : all) {
        switch (again(recorded, start, to, new Means(sources, say))) {
          case Verdict.Different different -> {
            return different;
          }
          case Verdict.Same same -> parts += same.parts();
        }
      }
      return new Verdict.Same(to - start.step() + 1, parts);
    }
  }

  /// The means that a replay has of its caller.
  private record Means(Function<String, LanguageModel> sources, Consumer<String> say) {}

  private static Verdict again(RecordedSteps recorded, ReplayStart start, long to, Means means) {
    Version first = recorded.version(start.step());
    ReplayTrainer trainer =
        new ReplayTrainer(recorded.before(first.stepsDone() + 1), means.sources());
    try (Replay replay = new Replay(recorded, means.say(), trainer)) {
      replay.restore(start, first);
      return replay.to(first, to);
    }
  }

  private static long last(RecordedSteps recorded) {
    long last = recorded.last();
    recorded
        .damage()
        .ifPresent(damage -> {
          throw new IllegalArgumentException(
              "a recording must be whole: %s; replay the steps before it with --to %d"
                  .formatted(damage, last));
        });
    return last;
  }

  private void restore(ReplayStart start, Version first) {
    trainer.restore(Snapshot.open(start.folder()).ofOwner(recorded.role().owner()));
    if (trainer.stepsDone() != first.stepsDone()) {
      throw new IllegalArgumentException(
          "a checkpoint must be of the run that is replayed: checkpoint=%s has stepsDone=%d, the run had %d at step %d"
              .formatted(start.folder(), trainer.stepsDone(), first.stepsDone(), first.version()));
    }
  }

  private Verdict to(Version first, long to) {
    long from = first.version();
    long every = Math.max(1, Math.ceilDiv(to - from, LINES));
    long said = from;
    for (long version = from; version <= to; version++) {
      Version expected = recorded.version(version);
      train(expected.stepsDone());
      Optional<Verdict> difference = difference(expected);
      if (difference.isPresent()) {
        return difference.get();
      }
      if (version - said == every || (version == to && version > said)) {
        say.accept(
            "steps %d to %d: the same weights of the %s"
                .formatted(said + 1, version, recorded.model()));
        said = version;
      }
    }
    return new Verdict.Same(to - from + 1, first.digests().size());
  }

  private void train(long stepsDone) {
    for (long number = trainer.stepsDone() + 1; number <= stepsDone; number++) {
      trainer = trainer.as(recorded.before(number));
      trainer.step(recorded.batch(number));
    }
  }

  private Optional<Verdict> difference(Version expected) {
    List<Long> computed = trainer.digests();
    if (computed.size() != expected.digests().size()) {
      throw new IllegalArgumentException(
          "recorded weights must have the parts of the model: step=%d recorded=%d model=%d"
              .formatted(expected.version(), expected.digests().size(), computed.size()));
    }
    for (int part = 0; part < computed.size(); part++) {
      long there = expected.digests().get(part);
      if (there != computed.get(part)) {
        return Optional.of(
            new Verdict.Different(
                recorded.model(),
                expected.version(),
                part,
                trainer.firstOf(part),
                there,
                computed.get(part)));
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    trainer.close();
  }
}
