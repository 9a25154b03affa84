package dev.burnish.rl.loop;

import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.Thrown;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.ledger.Admission;
import dev.burnish.rl.ledger.Admission.Admitted;
import dev.burnish.rl.ledger.GroupEnd;
import dev.burnish.rl.ledger.Ledger;
import dev.burnish.rl.replay.Batch;
import dev.burnish.rl.replay.BufferClient;
import dev.burnish.rl.replay.Held;
import dev.burnish.rl.replay.ReplayBuffer;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.VersionRange;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Runs rollouts while a trainer trains: admits groups within the bound on staleness, makes each on
/// a thread of its own, gives them to the buffer, and knows how each of them ended.
///
/// ```java
/// try (var rollouts = Rollouts.of(settings, buffer, journal, slot -> ...)) {
///   rollouts.published(0, digests);                     // rollouts begin
///   for (long version = 0; version < steps; version++) {
///     var batch = rollouts.take(version);               // waits
///     learner.step(batch.groups());
///     rollouts.published(version + 1, publish());       // ends the groups, admits the next ones
///   }
/// }
/// ```
///
/// With a `maxStaleness` of 0 that is a synchronous loop: no group of the next step begins before
/// the result of this one is published.
///
/// A group that failed is made again or left out, as the settings say, and counted; the batch has
/// one group less then. A step whose groups all failed fails, and so does [#take], at once, when
/// code of the loop itself does. A group that is late is interrupted and counts as failed; nothing
/// waits for a thread that ignores that.
///
/// Threading: one thread, that of the training loop, takes, publishes, saves, resumes and closes.
public final class Rollouts implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final RolloutSettings settings;
  private final EpisodeJournal journal;
  private final BufferClient buffer;
  private final GroupMaker maker;
  private final Admission admission;
  private final Books books;
  private final Waits waits = new Waits();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private Optional<Batch<ScoredGroup>> taken = Optional.empty();
  private List<Long> again = List.of();
  private boolean resumed;
  private boolean begun;
  private volatile boolean closed;
  private volatile long published;

  private Rollouts(
      RolloutSettings settings, ReplayBuffer buffer, EpisodeJournal journal, GroupMaker maker) {
    this.settings = settings;
    this.journal = journal;
    this.maker = maker;
    this.buffer =
        new BufferClient(
            buffer, settings.buffer(), position -> journal.group(position).orElseThrow());
    this.admission = new Admission(settings.buffer().batch(), settings.buffer().maxStaleness());
    this.books = new Books(settings, this.buffer, journal);
  }

  /// Rollouts that begin with the first version that is [#published].
  ///
  /// @param buffer of the same configuration
  /// @param journal that this uses and does not close
  public static Rollouts of(
      RolloutSettings settings,
      ReplayBuffer buffer,
      EpisodeJournal journal,
      RolloutFunction function) {
    return of(settings, buffer, journal, function, GroupFilter.none());
  }

  /// The same with a filter.
  public static Rollouts of(
      RolloutSettings settings,
      ReplayBuffer buffer,
      EpisodeJournal journal,
      RolloutFunction function,
      GroupFilter filter) {
    GroupMaker maker =
        new GroupMaker(function, filter, settings.attempts(), settings.buffer().seed());
    return new Rollouts(settings, buffer, journal, maker);
  }

  /// A sentence that states the bound on staleness, which is checked for every sample.
  public String bound() {
    int bound = settings.buffer().bound();
    return "no token is trained on that weights more than %d versions older sampled (maxStaleness=%d): at most %d groups are under way, and none is dropped for its age"
        .formatted(bound, settings.buffer().maxStaleness(), admission.numSlots());
  }

  /// Waits for the batch that is trained on a version of the weights; the same until the next one
  /// is published. It may be empty, see [Batch].
  ///
  /// @throws RolloutsFailedException if every group of the step failed, or the loop itself did
  /// @throws dev.burnish.rl.replay.StaleGroupException if a sample is older than the bound
  /// @throws Stopped if the process was asked to end
  public Batch<ScoredGroup> take(long version) throws InterruptedException {
    Batch<ScoredGroup> batch = waits.forBatch(() -> buffer.take(version));
    Staleness.require(batch, settings.buffer().bound());
    books.endDropped();
    books.requireSomeMade(batch);
    taken = Optional.of(batch);
    return batch;
  }

  /// Notes that a version of the weights is published: ends the groups that it was trained on and
  /// admits others. The first version begins the rollouts.
  ///
  /// @param digests of the parts of the weights, for the journal
  /// @return of the step to it; empty for the first version
  /// @throws IllegalStateException unless the batch of the version before was taken
  public Optional<LoopReport> published(long version, List<Long> digests) {
    if (!begun) {
      begin(version, digests);
      return Optional.empty();
    }
    Batch<ScoredGroup> batch =
        taken
            .filter(each -> each.version() == version - 1)
            .orElseThrow(() ->
                new IllegalStateException(
                    "a version must be trained before it is published: version=%d published=%d"
                        .formatted(version, published)));
    journal.published(batch, digests);
    taken = Optional.empty();
    published = version;
    Tally tally = books.trained(batch);
    admit(version);
    return Optional.of(
        new LoopReport(
            settings.mode(), Staleness.content(batch), tally, waits.reset(), books.funnel()));
  }

  private void admit(long version) {
    if (settings.isInOrder()) {
      admission.published(version);
    } else {
      admission.returned(books.numReturned());
    }
  }

  private void begin(long version, List<Long> digests) {
    begun = true;
    published = version;
    if (!resumed) {
      startAt(version);
    }
    journal.began(version, digests);
    admit(version);
    start("rollouts", this::dispatchAll);
  }

  private void startAt(long version) {
    long position = version * settings.buffer().batch();
    books.startAt(position);
    admission.resume(position, version);
    journal.resume(version, later());
  }

  private EpisodeJournal.Later later() {
    return switch (settings.mode()) {
      case FIXED_LAG -> EpisodeJournal.Later.USE;
      case CONTINUOUS -> EpisodeJournal.Later.FORGET;
    };
  }

  private void dispatchAll() throws InterruptedException {
    for (long position : again) {
      dispatch(position);
    }
    long last =
        settings.isInOrder()
            ? Math.multiplyExact(settings.steps(), settings.buffer().batch())
            : Long.MAX_VALUE;
    while (admission.next() < last) {
      Admitted admitted = waits.forSlot(admission::admit);
      dispatch(admitted.position());
    }
  }

  private void dispatch(long position) {
    int attempt = books.begin(position);
    GroupMaker.Task task =
        new GroupMaker.Task(
            position, position / settings.buffer().batch() + 1, versions(position), attempt);
    start("rollout-" + position, () -> run(task));
  }

  private VersionRange versions(long position) {
    return switch (settings.mode()) {
      case FIXED_LAG -> VersionRange.exactly(admission.admitted(position).version());
      case CONTINUOUS -> VersionRange.from(published);
    };
  }

  private void run(GroupMaker.Task task) throws InterruptedException {
    long position = task.position();
    Optional<ScoredGroup> made = journal.group(position);
    Optional<GroupEnd> ended = journal.end(position);
    if (made.isPresent()) {
      add(task, made.get());
    } else if (ended.isPresent()) {
      leaveOut(position, ended.get());
    } else {
      switch (maker.make(task, books::retry)) {
        case Outcome.Finished(ScoredGroup group) -> {
          requireVersions(task, group);
          journal.finished(position, group);
          add(task, group);
        }
        case Outcome.Ended(GroupEnd end) -> {
          journal.ended(position, task.versions().least(), end);
          leaveOut(position, end);
        }
      }
    }
  }

  private static void requireVersions(GroupMaker.Task task, ScoredGroup group) {
    VersionRange made = group.versions();
    if (!task.versions().contains(made.least()) || !task.versions().contains(made.most())) {
      throw new IllegalStateException(
          "a group must be sampled by the versions of its slot: position=%d slot=%s sampled=%s; pass slot.versions() to the generator"
              .formatted(task.position(), task.versions(), made));
    }
  }

  private void add(GroupMaker.Task task, ScoredGroup group) throws InterruptedException {
    Held<ScoredGroup> held = new Held<>(task.position(), group.versions().least(), group);
    waits.forRoom(() -> {
      buffer.add(held);
      return true;
    });
    books.added(task.position());
    returnSlots();
  }

  private void leaveOut(long position, GroupEnd end) {
    books.leaveOut(position, end);
    returnSlots();
  }

  private void returnSlots() {
    if (!settings.isInOrder()) {
      admission.returned(books.numReturned());
    }
  }

  /// Work of the loop that may wait.
  private interface Work {
    void run() throws InterruptedException;
  }

  private void start(String name, Work work) {
    Thread thread =
        Thread.ofVirtual().name(name).unstarted(ContextPropagation.wrap(() -> guarded(work)));
    threads.add(thread);
    thread.start();
    if (closed) {
      thread.interrupt();
    }
  }

  private void guarded(Work work) {
    try {
      work.run();
    } catch (Stopped e) {
      buffer.fail(e);
    } catch (InterruptedException | RuntimeException | Error e) {
      if (!closed) {
        buffer.fail(
            new RolloutsFailedException(
                "rollouts must not fail by their own code: " + Thrown.text(e), e));
      }
    } finally {
      threads.remove(Thread.currentThread());
    }
  }

  /// Groups by how they ended.
  public Ledger.Funnel funnel() {
    return books.funnel();
  }

  /// How often a group was begun that was taken and is not published; attempts before a resume do
  /// not count where the journal had the group.
  public int attempts(long position) {
    return books.attempts(position);
  }

  /// Sets how much is to be learned from a group that was trained on; no effect unless priorities
  /// choose.
  public void prioritise(long position, double priority) {
    buffer.prioritise(position, priority);
  }

  /// The state between two steps, for a checkpoint. Everything that it needs of the journal is
  /// durable then.
  public byte[] state() {
    journal.force();
    return books.state(published).encode();
  }

  /// Restores a state, before the first version is published, which must be that of the state.
  /// Groups that the journal has are not made again.
  ///
  /// @throws IllegalArgumentException if it is not the state of rollouts
  public void resume(byte[] bytes) {
    LoopState state = LoopState.decode(bytes);
    resumed = true;
    published = state.version();
    journal.resume(state.version(), later());
    again = books.resume(state);
    admission.resume(state.next(), state.version());
  }

  /// Ends all rollouts: those under way are interrupted, and count as cancelled. Waits for them,
  /// but not for one that ignores that.
  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
    try {
      long until = System.nanoTime() + GRACE.toNanos();
      GroupMaker.join(threads, until);
      maker.join(until);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    books.close();
  }
}
