package dev.burnish.rl.journal;

import dev.burnish.rl.journal.Entry.Published;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rl.replay.Held;
import dev.burnish.rollout.ScoredGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The steps of a run as its journal has them, to be trained again without generating. Where a run
/// was resumed, the steps that count are those that were trained last. Groups are read when a step
/// is asked for. Thread-safe; the journal may grow meanwhile.
public final class RecordedRun implements AutoCloseable {
  private final RecordFile file;
  private final NavigableMap<Long, Recorded> steps;
  private final Map<Long, List<Long>> begun;

  /// A version, and where the groups are that the step to it was trained on.
  private record Recorded(Published published, List<Long> places) {}

  /// A step.
  ///
  /// @param batch that it was trained on
  /// @param digests of the parts of the weights after it
  public record Step(Batch<ScoredGroup> batch, List<Long> digests) {
    public Step {
      digests = List.copyOf(digests);
    }

    /// The version of the weights after it.
    public long version() {
      return batch.version() + 1;
    }
  }

  private RecordedRun(
      RecordFile file, NavigableMap<Long, Recorded> steps, Map<Long, List<Long>> begun) {
    this.file = file;
    this.steps = steps;
    this.begun = begun;
  }

  /// Reads which steps there are.
  ///
  /// @throws IllegalArgumentException if the file is no journal
  /// @throws java.io.UncheckedIOException if it cannot be read
  public static RecordedRun open(Path path) {
    Map<Long, Long> places = new HashMap<>();
    NavigableMap<Long, Recorded> steps = new TreeMap<>();
    Map<Long, List<Long>> begun = new HashMap<>();
    RecordFile file =
        RecordFile.read(
            path,
            (place, record) -> {
              switch (EntryCodec.decode(record)) {
                case Entry.Finished(long position, _, _) -> places.put(position, place);
                case Entry.Ended _ -> {}
                case Published published ->
                    steps.put(published.version(), recorded(published, places));
                case Entry.Began(long version, List<Long> digests) -> {
                  steps.tailMap(version, false).clear();
                  begun.put(version, digests);
                }
              }
            });
    return new RecordedRun(file, steps, begun);
  }

  private static Recorded recorded(Published published, Map<Long, Long> places) {
    List<Long> found = new ArrayList<>();
    for (long position : published.positions()) {
      Long place = places.get(position);
      if (place == null) {
        throw new IllegalArgumentException(
            "a step's groups must be in the journal: version=%d position=%d"
                .formatted(published.version(), position));
      }
      found.add(place);
    }
    return new Recorded(published, found);
  }

  /// The versions to which steps are recorded, in order.
  public List<Long> versions() {
    return List.copyOf(steps.keySet());
  }

  /// The digests of the weights of a version: that of a step, or one with which rollouts began.
  ///
  /// @throws IllegalArgumentException if it is not recorded
  public List<Long> digests(long version) {
    return !steps.containsKey(version) && begun.containsKey(version)
        ? begun.get(version)
        : recorded(version).published().digests();
  }

  /// The step to a version.
  ///
  /// @throws IllegalArgumentException if it is not recorded
  public Step step(long version) {
    Recorded recorded = recorded(version);
    Published published = recorded.published();
    List<Held<ScoredGroup>> groups = new ArrayList<>();
    for (int i = 0; i < published.positions().size(); i++) {
      ScoredGroup group = EntryCodec.group(file.at(recorded.places().get(i)));
      groups.add(new Held<>(published.positions().get(i), group.versions().least(), group));
    }
    return new Step(new Batch<>(version - 1, groups, published.weights()), published.digests());
  }

  private Recorded recorded(long version) {
    Recorded recorded = steps.get(version);
    if (recorded == null) {
      throw new IllegalArgumentException(
          "a version must be recorded: version=%d recorded=%s"
              .formatted(
                  version, steps.isEmpty() ? "none" : steps.firstKey() + " to " + steps.lastKey()));
    }
    return recorded;
  }

  @Override
  public void close() {
    file.close();
  }
}
