package dev.burnish.rl.journal;

import dev.burnish.rl.journal.Entry.Began;
import dev.burnish.rl.journal.Entry.Ended;
import dev.burnish.rl.journal.Entry.Finished;
import dev.burnish.rl.journal.Entry.Published;
import dev.burnish.rl.ledger.GroupEnd;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rollout.ScoredGroup;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;

/// The file `episodes.bin` of a run: each group as it finishes, each position that has none, and
/// for each version of the weights the groups that the step to it was trained on and the digests of
/// the result.
///
/// A group of it need not be made again: not when the process of the buffer is lost, and not in a
/// run that is resumed. Whether a group is still one that the resumed run would make is proved by
/// digests: once a version was published whose weights differ from those recorded, everything that
/// it or a later one made is forgotten.
///
/// The file grows with the run, by what its tokens take. In memory are the places of groups that
/// are not trained yet, and after opening, until [#retain], those of the whole file. A record that
/// was half written is cut off; the loss of power may take those after the last [#force].
/// Thread-safe.
public final class EpisodeJournal implements AutoCloseable {
  private final RecordFile file;
  private final JournalIndex index;

  /// Digests by version that were published before the run was resumed.
  private final Map<Long, List<Long>> expected = new HashMap<>();

  private EpisodeJournal(RecordFile file, JournalIndex index) {
    this.file = file;
    this.index = index;
  }

  /// Opens the journal of a run, or begins one.
  ///
  /// @throws IllegalArgumentException if the file is something else
  /// @throws java.io.UncheckedIOException if it cannot be opened
  public static EpisodeJournal open(Path path) {
    JournalIndex index = new JournalIndex();
    return new EpisodeJournal(
        RecordFile.append(path, (place, record) -> index.add(place, EntryCodec.decode(record))),
        index);
  }

  /// Continues from the weights of a version: those of later ones will be trained again.
  ///
  /// @param later whether what versions after it made may be used once they are proved to be the
  ///   same; otherwise it is forgotten
  public synchronized void resume(long version, Later later) {
    expected.clear();
    expected.putAll(index.digestsFrom(version));
    if (later == Later.FORGET) {
      index.forgetFrom(version + 1);
    }
  }

  /// The use of groups that were made by versions after the one from which a run is resumed.
  public enum Later {
    /// They are used once their version has the weights that it had.
    USE,
    /// They are made again.
    FORGET
  }

  /// Records a group.
  public void finished(long position, ScoredGroup group) {
    append(new Finished(position, group.versions().most(), EntryCodec.encode(group)));
  }

  /// Records that a position has no group.
  ///
  /// @param version of the weights that should have made it
  public void ended(long position, long version, GroupEnd end) {
    append(new Ended(position, version, end));
  }

  /// Records that rollouts begin with a version.
  public synchronized void began(long version, List<Long> digests) {
    prove(version, digests);
    append(new Began(version, digests));
  }

  /// Records that the step on a batch was trained and its result published.
  public synchronized void published(Batch<?> batch, List<Long> digests) {
    long version = batch.version() + 1;
    prove(version, digests);
    append(new Published(version, batch.positions(), batch.weights(), digests));
  }

  private void prove(long version, List<Long> digests) {
    List<Long> before = expected.remove(version);
    if (before != null && !before.equals(digests)) {
      expected.clear();
      index.forgetFrom(version);
    }
  }

  private synchronized void append(Entry entry) {
    index.add(file.append(EntryCodec.encode(entry)), entry);
  }

  /// The group of a position, if it was made.
  public synchronized Optional<ScoredGroup> group(long position) {
    return Optional.ofNullable(index.places().get(position)).map(place -> at(place.offset()));
  }

  private ScoredGroup at(long offset) {
    return EntryCodec.group(file.at(offset));
  }

  /// How a position ended that has no group.
  public synchronized Optional<GroupEnd> end(long position) {
    return Optional.ofNullable(index.ended().get(position)).map(Ended::end);
  }

  /// Forgets the place of a group that no step needs any more; it stays in the file.
  public synchronized void forget(long position) {
    index.forget(position);
  }

  /// Forgets the places of all other groups.
  public synchronized void retain(LongPredicate positions) {
    index.retain(positions);
  }

  /// Makes everything that was recorded durable.
  public void force() {
    file.force();
  }

  @Override
  public void close() {
    file.close();
  }
}
