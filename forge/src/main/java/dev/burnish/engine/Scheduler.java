package dev.burnish.engine;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.cache.BlockTable;
import dev.burnish.engine.draft.StepCost;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Chooses the rows of each step: one per sequence that decodes, then pieces of prompts, up to the
/// token budget.
///
/// Idea: sequences run in [Sequence#ORDER]. One that needs a block takes it from the last that has
/// no rows in the step yet, which waits again and is computed again later (preemption); a sequence
/// never takes blocks from one before it, so the first always advances. Of a group one sample
/// computes the prompt, and the others join it when it is done. Others are admitted in the same
/// order, those first that have waited too long; one whose versions exclude the weights in use is
/// passed over, but then none that came after that moment is admitted until the weights change, so
/// that its turn comes.
///
/// How many run at the same time is limited, too, by how it went: a preemption lowers the limit to
/// those that are left, room in the cache raises it again. One thread.
final class Scheduler {
  /// The rows of one sequence in a step: its next tokens whose keys are not in the cache.
  ///
  /// @param guesses of the tokens after these, which are computed too
  /// @param joined samples of the same prompt, which this step completes for all of them
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Chunk(Sequence sequence, int rows, int[] guesses, List<Sequence> joined) {
    /// The position after its tokens, without guesses.
    int end() {
      return sequence.table().computed() + rows;
    }

    int allRows() {
      return rows + guesses.length;
    }

    /// Whether it is one that only decodes.
    boolean decodes() {
      return rows == 1 && sequence.length() > 0;
    }

    private Chunk with(int[] guessed) {
      return new Chunk(sequence, rows, guessed, joined);
    }

    /// Whether the last row gives the next token.
    boolean draws() {
      return end() == sequence.numTokens();
    }
  }

  /// The rows of a step.
  ///
  /// @param copies of slots to be made first
  record Step(List<Chunk> chunks, List<BlockTable.Copy> copies) {
    boolean isEmpty() {
      return chunks.isEmpty();
    }
  }

  /// The requests that are admitted.
  enum Admission {
    /// All.
    ALL,
    /// Those of which a sample has begun.
    BEGUN
  }

  /// The step that is being put together.
  private final class Draft {
    final long version;
    final List<Chunk> chunks = new ArrayList<>();
    final List<BlockTable.Copy> copies = new ArrayList<>();
    final Set<Sequence> taken = new HashSet<>();
    final Set<GroupTask> inPrompt = new HashSet<>();
    int budget = settings.tokenBudget();

    Draft(long version) {
      this.version = version;
    }

    /// Takes rows for a sequence whose blocks are there to be allocated.
    void take(Sequence sequence, int rows) {
      BlockTable table = sequence.table();
      int end = table.computed() + rows;
      table.extend(end, copies::add);
      table.register(Math.min(end, sequence.numTokens()), version, sequence::tokenAt);
      budget -= rows;
      taken.add(sequence);
      sequence.group().begin();
      List<Sequence> joined = List.of();
      if (sequence.length() == 0) {
        inPrompt.add(sequence.group());
        joined = end == sequence.numTokens() ? join(sequence, end) : joined;
      }
      chunks.add(new Chunk(sequence, rows, NO_GUESSES, joined));
    }

    /// Adds guesses to those that decode, where they are likely enough and nothing else needs the
    /// room.
    void guess() {
      int decoding = (int) chunks.stream().filter(Chunk::decodes).count();
      double least = leastProbability(decoding);
      if (least < 1) {
        chunks.replaceAll(chunk -> chunk.decodes() ? guess(chunk, least) : chunk);
      }
    }

    private Chunk guess(Chunk chunk, double least) {
      Sequence sequence = chunk.sequence();
      int most = Math.min(MOST_GUESSES, Math.min(budget, sequence.left() - 1));
      int[] guessed = sequence.draft().map(draft -> draft.guess(most, least)).orElse(NO_GUESSES);
      int end = chunk.end() + guessed.length;
      if (guessed.length == 0 || !mayAllocate(sequence.table().missing(end))) {
        return chunk;
      }
      sequence.table().extend(end, copies::add);
      budget -= guessed.length;
      return chunk.with(guessed);
    }

    /// The samples of the same prompt that wait, as many as may run.
    private List<Sequence> join(Sequence first, int end) {
      List<Sequence> joined = new ArrayList<>();
      for (Sequence sample : first.group().samples()) {
        if (mayRun(joined.size() + 1)
            && sample.length() == 0
            && !sample.done()
            && waiting.remove(sample)) {
          sample.table().fork(first.table(), end);
          running.add(sample);
          joined.add(sample);
        }
      }
      taken.addAll(joined);
      return joined;
    }
  }

  private static final int[] NO_GUESSES = {};
  private static final int MOST_GUESSES = 8;

  private final EngineSettings settings;
  private final BlockManager blocks;
  private final StepCost cost;
  private final WaitingList waiting = new WaitingList();
  private final TreeSet<Sequence> running = new TreeSet<>(Sequence.ORDER);
  private Optional<GroupTask> passedOver = Optional.empty();
  private long passedOverAt;
  private long arrivals;
  private int limit;
  private long preemptions;
  private long reused;

  /// @param cost of steps so far, which decides where guesses pay
  Scheduler(EngineSettings settings, BlockManager blocks, StepCost cost) {
    this.settings = settings;
    this.cost = cost;
    this.blocks = blocks;
    this.limit = settings.maxSequences();
  }

  /// The number of the next request.
  long nextArrival() {
    return arrivals++;
  }

  /// Adds the samples of a request that are not done.
  void add(GroupTask task) {
    task.samples().stream().filter(sample -> !sample.done()).forEach(waiting::add);
  }

  /// Takes a sequence out, and its blocks back.
  void remove(Sequence sequence) {
    running.remove(sequence);
    waiting.remove(sequence);
    sequence.table().release();
  }

  int numRunning() {
    return running.size();
  }

  int numWaiting() {
    return waiting.size();
  }

  /// Samples that lost their blocks so far.
  long preemptions() {
    return preemptions;
  }

  /// Tokens whose keys were found so far.
  long reused() {
    return reused;
  }

  /// The request that decides about the weights when nothing runs: one that was passed over, or the
  /// next of those that wait.
  Optional<GroupTask> next(long now) {
    return passedOver
        .filter(task -> !task.isOver())
        .or(() -> waiting.first(overdue(now), _ -> true).map(Sequence::group));
  }

  /// Takes the keys of all running sequences back, to be computed by other weights.
  void recompute() {
    List.copyOf(running).forEach(this::giveUp);
  }

  /// The rows of the next step. The blocks of their keys are allocated.
  ///
  /// @param version of the weights that compute it
  Step schedule(long version, long now, Admission admission) {
    Draft step = new Draft(version);
    for (Sequence sequence : List.copyOf(running)) {
      if (sequence.uncomputed() == 1) {
        advance(sequence, step);
      }
    }
    step.guess();
    for (Sequence sequence : List.copyOf(running)) {
      if (sequence.uncomputed() > 1) {
        advance(sequence, step);
      }
    }
    admit(step, now, admission);
    raiseLimit();
    step.chunks.sort(Comparator.comparing(Chunk::sequence, Sequence.ORDER));
    return new Step(step.chunks, step.copies);
  }

  private void advance(Sequence sequence, Draft step) {
    int rows = Math.min(sequence.uncomputed(), step.budget);
    if (rows == 0 || step.taken.contains(sequence) || !running.contains(sequence)) {
      return;
    }
    int end = sequence.table().computed() + rows;
    while (!blocks.canAllocate(sequence.table().missing(end))) {
      Sequence victim = victim(sequence, step);
      preempt(victim);
      if (victim == sequence) {
        return;
      }
    }
    step.take(sequence, rows);
  }

  /// The last sequence without rows in the step, but none before the one that needs blocks.
  private Sequence victim(Sequence needing, Draft step) {
    Iterator<Sequence> last = running.descendingIterator();
    while (last.hasNext()) {
      Sequence victim = last.next();
      if (victim == needing || !step.taken.contains(victim)) {
        return victim;
      }
    }
    return needing;
  }

  private void preempt(Sequence victim) {
    preemptions++;
    giveUp(victim);
    limit = Math.max(1, running.size());
  }

  private void giveUp(Sequence sequence) {
    running.remove(sequence);
    sequence.table().release();
    waiting.add(sequence);
  }

  /// Blocks that others may hold for a while: those that running sequences do not need soon.
  int room() {
    return Math.max(0, blocks.numAvailable() - running.size() / BlockManager.SIZE);
  }

  /// Makes so much room, at the expense of the last running sequences; all of it if none is left.
  void makeRoom(int wanted) {
    while (room() < wanted && !running.isEmpty()) {
      preempt(running.last());
    }
  }

  private void raiseLimit() {
    if (limit < settings.maxSequences() && blocks.numAvailable() > blocks.numBlocks() / 5) {
      limit++;
    }
  }

  private double leastProbability(int decoding) {
    return switch (settings.drafting()) {
      case NONE -> 1;
      case WHERE_IT_PAYS -> cost.leastProbability(decoding);
      case ALWAYS -> 0;
    };
  }

  private boolean mayRun(int more) {
    return running.size() + more <= limit && (running.isEmpty() || mayAllocate(more));
  }

  /// Whether so many blocks are free beyond those that running sequences will need soon.
  private boolean mayAllocate(int count) {
    return count <= room();
  }

  private void admit(Draft step, long now, Admission admission) {
    if (passedOver.filter(task -> passesOver(task, step)).isEmpty()) {
      passedOver = Optional.empty();
    }
    for (Sequence sequence : running) {
      if (sequence.length() == 0) {
        step.inPrompt.add(sequence.group());
      }
    }
    boolean fits = true;
    while (fits && step.budget > 0 && mayRun(1)) {
      fits =
          waiting
              .first(overdue(now), sequence -> isAdmissible(sequence, step, admission))
              .filter(sequence -> begin(sequence, step))
              .isPresent();
    }
  }

  private static boolean passesOver(GroupTask task, Draft step) {
    return !task.isOver() && !task.request().versions().contains(step.version);
  }

  private boolean isAdmissible(Sequence sequence, Draft step, Admission admission) {
    GroupTask group = sequence.group();
    if (passesOver(group, step)) {
      if (passedOver.isEmpty()) {
        passedOver = Optional.of(group);
        passedOverAt = arrivals;
      }
      return false;
    }
    boolean computesPrompt = sequence.length() == 0 && step.inPrompt.contains(group);
    boolean inTime = passedOver.isEmpty() || group.place().arrival() < passedOverAt;
    return !computesPrompt && (group.begun() || (inTime && admission == Admission.ALL));
  }

  /// Begins to compute a sequence that waits; returns whether there are blocks for it.
  private boolean begin(Sequence sequence, Draft step) {
    BlockTable table = sequence.table();
    table.begin(step.version, sequence::tokenAt, sequence.numTokens());
    int rows = Math.min(sequence.uncomputed(), step.budget);
    int spare = running.isEmpty() ? 0 : 1 + running.size() / BlockManager.SIZE;
    if (!blocks.canAllocate(table.missing(table.computed() + rows) + spare)) {
      table.release();
      return false;
    }
    reused += table.computed();
    waiting.remove(sequence);
    running.add(sequence);
    step.take(sequence, rows);
    return true;
  }

  private Predicate<Sequence> overdue(long now) {
    return sequence -> sequence.group().secondsWaited(now) > settings.longestWait();
  }
}
