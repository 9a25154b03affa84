package dev.burnish.engine.cache;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/// The blocks that hold the keys of one sequence: block `i` those of positions `[16 i, 16 i + 16)`.
/// Full blocks are shared with whatever begins alike, the last one with other samples of the prompt
/// until one of them writes to it.
public final class BlockTable {
  /// Runs of adjacent slots, in order of position.
  @SuppressWarnings("ArrayRecordComponent") // an argument of the kernels, never compared
  public record Spans(int[] starts, int[] lengths) {}

  /// Slots whose contents go to a new block before the step.
  public record Copy(int from, int to, int count) {}

  private static final int SIZE = BlockManager.SIZE;

  private final BlockManager manager;
  private int[] blocks = new int[8];
  private int count;
  private int computed;
  private int registered;
  private long parent;
  private long version;
  private boolean ofOneVersion;

  public BlockTable(BlockManager manager) {
    this.manager = manager;
  }

  /// Positions whose keys are in the blocks.
  public int computed() {
    return computed;
  }

  /// Says that the keys before `end` are in the blocks.
  public void compute(int end) {
    computed = end;
  }

  /// Takes the blocks that are there for a beginning of a sequence, computed by weights of that
  /// version; all tokens but the last may be found.
  ///
  /// @param tokens the token of each position
  public void begin(long byVersion, IntUnaryOperator tokens, int length) {
    version = byVersion;
    ofOneVersion = true;
    parent = PrefixCache.root(byVersion);
    while (computed + SIZE < length) {
      OptionalInt found = manager.find(parent, block(tokens, count));
      if (found.isEmpty()) {
        return;
      }
      manager.share(found.getAsInt());
      append(found.getAsInt());
      parent = manager.number(found.getAsInt());
      registered = count;
      computed += SIZE;
    }
  }

  private static int[] block(IntUnaryOperator tokens, int index) {
    int[] block = new int[SIZE];
    Arrays.setAll(block, i -> tokens.applyAsInt(index * SIZE + i));
    return block;
  }

  private void append(int block) {
    if (count == blocks.length) {
      blocks = Arrays.copyOf(blocks, 2 * count);
    }
    blocks[count++] = block;
  }

  /// Blocks that must be allocated before positions up to `end` can be written.
  public int missing(int end) {
    int more = Math.max(0, BlockManager.forTokens(end) - count);
    return writesShared() ? more + 1 : more;
  }

  private boolean writesShared() {
    int written = computed / SIZE;
    return written < count && manager.references(blocks[written]) > 1;
  }

  /// Allocates the blocks for positions up to `end`.
  ///
  /// @param copies receives what must be copied first
  public void extend(int end, Consumer<Copy> copies) {
    if (writesShared()) {
      int index = computed / SIZE;
      int shared = blocks[index];
      blocks[index] = index == 0 ? manager.allocate() : manager.allocateAfter(blocks[index - 1]);
      copies.accept(new Copy(shared * SIZE, blocks[index] * SIZE, computed % SIZE));
      manager.release(shared);
    }
    while (count * SIZE < end) {
      append(count == 0 ? manager.allocate() : manager.allocateAfter(blocks[count - 1]));
    }
  }

  /// Lets the full blocks before `end`, which a step of weights of that version completes, be
  /// found; not after a change of version, since then they belong to none.
  public void register(int end, long byVersion, IntUnaryOperator tokens) {
    ofOneVersion &= byVersion == version;
    while (ofOneVersion && (registered + 1) * SIZE <= end) {
      parent = manager.put(parent, block(tokens, registered), blocks[registered]);
      registered++;
    }
  }

  /// Takes the blocks of another sample of the same prompt.
  public void fork(BlockTable other, int end) {
    for (int i = 0; i < other.count; i++) {
      manager.share(other.blocks[i]);
      append(other.blocks[i]);
    }
    computed = end;
    registered = other.registered;
    parent = other.parent;
    version = other.version;
    ofOneVersion = other.ofOneVersion;
  }

  /// Gives all blocks back.
  public void release() {
    while (count > 0) {
      manager.release(blocks[--count]);
    }
    computed = 0;
    registered = 0;
  }

  /// The slots of positions `[0, end)`. A run ends where blocks are not adjacent, and where the
  /// number of holders changes: there the sequences that share keys part, and only equal runs are
  /// computed together.
  public Spans spans(int end) {
    int used = BlockManager.forTokens(end);
    int[] starts = new int[used];
    int[] lengths = new int[used];
    int runs = 0;
    for (int i = 0; i < used; i++) {
      if (i == 0 || !continues(i)) {
        starts[runs++] = blocks[i] * SIZE;
      }
      lengths[runs - 1] += Math.min(SIZE, end - i * SIZE);
    }
    return new Spans(Arrays.copyOf(starts, runs), Arrays.copyOf(lengths, runs));
  }

  private boolean continues(int i) {
    return blocks[i] == blocks[i - 1] + 1
        && manager.references(blocks[i]) == manager.references(blocks[i - 1]);
  }

  public int slot(int position) {
    return blocks[position / SIZE] * SIZE + position % SIZE;
  }

  /// Blocks that it holds.
  public int numBlocks() {
    return count;
  }
}
