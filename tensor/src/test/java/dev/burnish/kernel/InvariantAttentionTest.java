package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.burnish.kernel.AttentionPlan.Node;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InvariantAttentionTest {
  private static final Team ALONE = new Team(1);
  private static final Team PAIR = new Team(2);

  private final SplittableRandom random = new SplittableRandom(3);
  private final TensorScope scope = TensorScope.open();

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private Tensor random(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }

  private static float[] attend(
      Team team, AttentionPlan plan, Heads heads, Tensor q, Tensor k, Tensor v) {
    Tensor out = Tensor.empty(DType.F32, Device.CPU, q.size(0), heads.queryDim());
    out.fill_(Double.NaN); // every element is written
    try (PanelKeyValues keyValues = new PanelKeyValues(team, heads, Math.toIntExact(k.size(0)))) {
      write(keyValues, k, v);
      InvariantAttention.forward(
          team,
          plan,
          heads,
          new InvariantAttention.Tensors(Matrix.of(q), keyValues, Matrix.of(out)));
    }
    return out.toFloatArray();
  }

  /// Row `i` into slot `i`.
  private static void write(Kernels.KeyValues target, Tensor k, Tensor v) {
    int[] slots = IntStream.range(0, target.numSlots()).toArray();
    target.write(Tensor.of(slots, slots.length), k, v);
  }

  private static AttentionPlan plan(List<Node> nodes, int window) {
    return new AttentionPlan(nodes, new int[nodes.size()], window);
  }

  /// A prompt of 70 tokens, two nodes below it, another prompt, and decoding steps of which two
  /// share a beginning.
  private static List<Node> forest() {
    return List.of(
        new Node(0, 70, new int[] {0}, new int[] {70}),
        new Node(70, 9, new int[] {0, 70}, new int[] {70, 9}),
        new Node(79, 3, new int[] {0, 79}, new int[] {70, 3}),
        new Node(82, 5, new int[] {82}, new int[] {5}),
        new Node(87, 1, new int[] {3, 87}, new int[] {11, 1}),
        new Node(88, 1, new int[] {3, 60}, new int[] {11, 29}),
        new Node(89, 1, new int[] {17}, new int[] {33}));
  }

  @ParameterizedTest
  @CsvSource({"4,2,16,0", "3,3,5,0", "6,2,8,7", "2,1,64,1", "9,3,64,0", "4,1,40,0", "2,2,33,20"})
  void attendsLikeTheReference(int query, int keyValue, int dim, int window) {
    AttentionPlan plan = plan(forest(), window == 0 ? AttentionPlan.NO_WINDOW : window);
    Heads heads = new Heads(query, keyValue, dim);
    Tensor q = random(90, heads.queryDim());
    Tensor k = random(90, heads.keyValueDim());
    Tensor v = random(90, heads.keyValueDim());
    Tensor expected = Tensor.zeros(DType.F32, Device.CPU, 90, heads.queryDim());
    try (Kernels.KeyValues rows = Kernels.reference().keyValues(heads, 90)) {
      write(rows, k, v);
      Kernels.reference().invariantAttention(plan, heads, q, rows, expected);
    }

    assertThat(attend(PAIR, plan, heads, q, k, v))
        .containsExactly(expected.toFloatArray(), offset(2e-5f));
  }

  /// The last row of a sequence of random length alone, in one span, and the same row among others,
  /// its keys scattered over spans that it shares with some of them.
  @ParameterizedTest
  @CsvSource({"9,3,64,0", "4,2,16,0", "3,3,5,0", "2,1,64,9", "8,1,40,0"})
  void aRowDoesNotDependOnSpansOrOtherRowsOrThreads(int query, int keyValue, int dim, int window) {
    int most = window == 0 ? AttentionPlan.NO_WINDOW : window;
    Heads heads = new Heads(query, keyValue, dim);
    for (int trial = 0; trial < 20; trial++) {
      int keys = 2 + random.nextInt(200);
      Tensor q = random(1, heads.queryDim());
      Tensor k = random(keys, heads.keyValueDim());
      Tensor v = random(keys, heads.keyValueDim());
      float[] alone =
          attend(
              ALONE,
              plan(List.of(new Node(0, 1, new int[] {0}, new int[] {keys})), most),
              heads,
              q,
              k,
              v);
      for (Team team : List.of(ALONE, PAIR)) {
        assertThat(amongOthers(team, most, heads, new Row(q, k, v)))
            .as("trial=%d keys=%d", trial, keys)
            .isEqualTo(alone);
      }
    }
  }

  private record Row(Tensor q, Tensor k, Tensor v) {}

  private float[] amongOthers(Team team, int window, Heads heads, Row row) {
    int keys = Math.toIntExact(row.k().size(0));
    int siblings = random.nextInt(20);
    int before = random.nextInt(siblings + 1);
    int shared = 1 + random.nextInt(keys - 1);
    int second = random.nextInt(shared);
    // Slots: the end of the shared keys, its beginning, then the rest, with 7 other slots between.
    int rest = shared + 14;
    Tensor k = random(rest + keys - shared + siblings, heads.keyValueDim());
    Tensor v = random(rest + keys - shared + siblings, heads.keyValueDim());
    for (Tensor[] copy : new Tensor[][] {{row.k(), k}, {row.v(), v}}) {
      copyRows(copy[0], 0, copy[1], shared - second + 7, second);
      copyRows(copy[0], second, copy[1], 0, shared - second);
      copyRows(copy[0], shared, copy[1], rest, keys - shared);
    }
    Tensor q = random(siblings + 1, heads.queryDim());
    copyRows(row.q(), 0, q, before, 1);
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i <= siblings; i++) {
      int own = i == before ? rest : rest + keys - shared + (i < before ? i : i - 1);
      int length = i == before ? keys - shared : 1;
      nodes.add(
          second == 0
              ? new Node(i, 1, new int[] {0, own}, new int[] {shared, length})
              : new Node(
                  i,
                  1,
                  new int[] {shared - second + 7, 0, own},
                  new int[] {second, shared - second, length}));
    }
    float[] all = attend(team, plan(nodes, window), heads, q, k, v);
    return Arrays.copyOfRange(all, before * heads.queryDim(), (before + 1) * heads.queryDim());
  }

  private static void copyRows(Tensor from, int first, Tensor to, int at, int count) {
    if (count > 0) {
      to.narrow(0, at, count).copy_(from.narrow(0, first, count));
    }
  }

  @Test
  void aTokenHasTheSameBitsInAPrefillAndInAStepOfDecoding() {
    Heads heads = new Heads(9, 3, 64);
    int tokens = 150;
    Tensor q = random(tokens, heads.queryDim());
    Tensor k = random(tokens, heads.keyValueDim());
    Tensor v = random(tokens, heads.keyValueDim());
    float[] whole =
        attend(
            PAIR,
            plan(
                List.of(new Node(0, tokens, new int[] {0}, new int[] {tokens})),
                AttentionPlan.NO_WINDOW),
            heads,
            q,
            k,
            v);
    for (int token : new int[] {0, 1, 15, 16, 63, 64, 65, 149}) {
      AttentionPlan step =
          plan(
              List.of(new Node(0, 1, new int[] {0}, new int[] {token + 1})),
              AttentionPlan.NO_WINDOW);
      assertThat(attend(ALONE, step, heads, q.narrow(0, token, 1), k, v))
          .isEqualTo(
              Arrays.copyOfRange(whole, token * heads.queryDim(), (token + 1) * heads.queryDim()));
    }
  }

  /// A paged cache: blocks of sixteen slots anywhere, of which sequences share the first ones.
  @ParameterizedTest
  @CsvSource({"9,3,64,0", "3,3,5,0", "4,2,16,37"})
  void blocksThatAreNotAdjacentChangeNothing(int query, int keyValue, int dim, int window) {
    int most = window == 0 ? AttentionPlan.NO_WINDOW : window;
    Heads heads = new Heads(query, keyValue, dim);
    int blocks = 12;
    int keys = blocks * 16 - 5;
    Tensor k = random(2 * blocks * 16, heads.keyValueDim());
    Tensor v = random(2 * blocks * 16, heads.keyValueDim());
    int[] places = shuffled(2 * blocks);
    int[] first = Arrays.copyOf(places, blocks);
    int[] second = first.clone();
    System.arraycopy(places, blocks, second, 4, blocks - 4);
    Tensor q = random(2, heads.queryDim());
    float[] both =
        attend(
            PAIR,
            plan(List.of(paged(0, first, keys), paged(1, second, keys)), most),
            heads,
            q,
            k,
            v);
    for (int row = 0; row < 2; row++) {
      Tensor rowKeys = gathered(k, row == 0 ? first : second, keys);
      Tensor rowValues = gathered(v, row == 0 ? first : second, keys);
      float[] alone =
          attend(
              ALONE,
              plan(List.of(new Node(0, 1, new int[] {0}, new int[] {keys})), most),
              heads,
              q.narrow(0, row, 1),
              rowKeys,
              rowValues);
      assertThat(Arrays.copyOfRange(both, row * heads.queryDim(), (row + 1) * heads.queryDim()))
          .as("row=%d", row)
          .isEqualTo(alone);
    }
  }

  private int[] shuffled(int count) {
    int[] result = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      result[i] = result[j];
      result[j] = i;
    }
    return result;
  }

  private static Node paged(int row, int[] blocks, int keys) {
    int[] starts = Arrays.stream(blocks).map(block -> 16 * block).toArray();
    int[] lengths = new int[blocks.length];
    Arrays.fill(lengths, 16);
    lengths[blocks.length - 1] = keys - 16 * (blocks.length - 1);
    return new Node(row, 1, starts, lengths);
  }

  private Tensor gathered(Tensor rows, int[] blocks, int keys) {
    Tensor result = random(keys, Math.toIntExact(rows.size(1)));
    for (int i = 0; i < blocks.length; i++) {
      copyRows(rows, 16 * blocks[i], result, 16 * i, Math.min(16, keys - 16 * i));
    }
    return result;
  }
}
