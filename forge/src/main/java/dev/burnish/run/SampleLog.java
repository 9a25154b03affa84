package dev.burnish.run;

import dev.burnish.metrics.JsonLines;
import dev.burnish.observe.SampleLine;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Origin;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.TokenVersions;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Writes the episodes of a run to `samples.jsonl`, in the order of their steps, and shows three of
/// a step now and then.
///
/// Threading: safe for all threads. Episodes of a later step are held until it is opened, so that
/// steps only grow in the file; those of a step that never opens are not written.
public final class SampleLog implements AutoCloseable {
  private static final int SHOWN = 3;
  private static final int SHOWN_EVERY = 25;

  private final JsonLines file;
  private final Consumer<List<SampleLine>> show;
  private final SortedMap<Long, List<ScoredGroup>> ahead = new TreeMap<>();
  private long present;

  /// Owns the file.
  ///
  /// @param present the step that is open, or was the last
  /// @param show shows samples to the user
  public SampleLog(JsonLines file, long present, Consumer<List<SampleLine>> show) {
    this.file = file;
    this.present = present;
    this.show = show;
  }

  /// Writes the episodes of the present step.
  public synchronized void add(List<ScoredGroup> groups) {
    write(groups);
  }

  /// Writes the episodes of a step, once it is the present one.
  ///
  /// @throws IllegalArgumentException if that was an earlier one
  public synchronized void add(long step, List<ScoredGroup> groups) {
    if (step < present) {
      throw new IllegalArgumentException(
          "samples must be given before their step is over: step=%d, present=%d; give them with a later step"
              .formatted(step, present));
    }
    if (step == present) {
      write(groups);
    } else {
      ahead.computeIfAbsent(step, _ -> new ArrayList<>()).addAll(groups);
    }
  }

  /// Begins a step: the episodes that were given for it are written.
  public synchronized void open(long step) {
    present = step;
    List<ScoredGroup> held = ahead.remove(step);
    if (held != null) {
      write(held);
    }
  }

  private void write(List<ScoredGroup> groups) {
    List<SampleLine> lines =
        groups.stream().flatMap(g -> g.episodes().stream().map(e -> line(present, g, e))).toList();
    lines.forEach(file::write);
    if (present == 1 || present % SHOWN_EVERY == 0) {
      show.accept(lines.subList(0, Math.min(SHOWN, lines.size())));
    }
  }

  private static SampleLine line(long step, ScoredGroup group, Episode episode) {
    List<Completion> said = episode.sampled().stream().map(Sampled::completion).toList();
    return new SampleLine(
        step,
        episode.versions().oldest(),
        runs(episode.versions()),
        group.problem().prompt(),
        said.stream().map(Completion::text).collect(Collectors.joining()),
        episode.reward(),
        episode.advantage(),
        said.stream().flatMapToInt(c -> IntStream.of(c.tokens())).boxed().toList(),
        said.stream()
            .flatMap(c -> IntStream.range(0, c.logprobs().length).mapToObj(i -> c.logprobs()[i]))
            .toList(),
        origin(group.origin()));
  }

  private static List<SampleLine.Run> runs(TokenVersions versions) {
    return versions.numRuns() < 2
        ? List.of()
        : IntStream.range(0, versions.numRuns())
            .mapToObj(i -> new SampleLine.Run(versions.starts()[i], versions.versions()[i]))
            .toList();
  }

  private static SampleLine.Origin origin(Origin of) {
    return new SampleLine.Origin(
        of.madeBy(),
        of.dispatch().map(Origin.Dispatch::position),
        of.dispatch().map(Origin.Dispatch::attempts));
  }

  @Override
  public synchronized void close() {
    file.close();
  }
}
