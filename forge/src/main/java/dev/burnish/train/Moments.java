package dev.burnish.train;

import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.ParameterRules.Run;
import dev.burnish.train.memory.StateFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The optimizer's state, part by part: first moments (or momenta) and second ones, where the
/// algorithm has them.
sealed interface Moments extends AutoCloseable {
  /// The kind of a moment.
  enum Order {
    FIRST("first"),
    SECOND("second");

    private final String tensor;

    Order(String tensor) {
      this.tensor = tensor;
    }

    /// The name in checkpoints.
    String tensor() {
      return tensor;
    }

    private long elements(List<Run> part) {
      return this == FIRST
          ? ParameterRules.firstElements(part)
          : ParameterRules.secondElements(part);
    }
  }

  long elements(Order order, int part);

  /// Elements of a part in memory, `[size]`; they belong to the open scope and are given back.
  Tensor take(Order order, int part, long from, long size);

  /// Keeps elements that were taken.
  void giveBack(Order order, int part, long from, Tensor taken);

  /// All elements of a part, in memory until the arena and the open scope are closed.
  MemorySegment all(Order order, int part, Arena arena);

  @Override
  void close();

  /// All moments of a part for a checkpoint, see [#all].
  default List<StoredTensor> stored(int part, Arena arena) {
    List<StoredTensor> result = new ArrayList<>();
    for (Order order : Order.values()) {
      long elements = elements(order, part);
      if (elements > 0) {
        result.add(
            new StoredTensor(
                order.tensor(), DType.F32, new long[] {elements}, all(order, part, arena)));
      }
    }
    return result;
  }

  static Moments inMemory(List<List<Run>> runs, Device device) {
    Map<Order, List<Tensor>> tensors = new EnumMap<>(Order.class);
    for (Order order : Order.values()) {
      tensors.put(
          order,
          runs.stream()
              .map(part ->
                  TensorScope.outside(() -> Tensor.zeros(DType.F32, device, order.elements(part))))
              .toList());
    }
    return new InMemory(tensors);
  }

  /// Moments in memory that stays its owner's.
  ///
  /// @param first views of it, contiguous and one per part, which are closed with the result;
  ///   `second` likewise
  static Moments over(List<Tensor> first, List<Tensor> second) {
    return new InMemory(Map.of(Order.FIRST, first, Order.SECOND, second));
  }

  /// The moments of a model on the CPU, in a file.
  static Moments inFile(List<List<Run>> runs, Path folder) {
    return new InFile(runs, folder);
  }

  /// One tensor per part.
  final class InMemory implements Moments {
    private final Map<Order, List<Tensor>> tensors;

    private InMemory(Map<Order, List<Tensor>> tensors) {
      this.tensors = tensors;
    }

    private List<Tensor> parts(Order order) {
      return tensors.getOrDefault(order, List.of());
    }

    private Tensor tensor(Order order, int part) {
      return parts(order).get(part);
    }

    @Override
    public long elements(Order order, int part) {
      return tensor(order, part).numElements();
    }

    @Override
    public Tensor take(Order order, int part, long from, long size) {
      return tensor(order, part).narrow(0, from, size);
    }

    @Override
    public void giveBack(Order order, int part, long from, Tensor taken) {}

    @Override
    public MemorySegment all(Order order, int part, Arena arena) {
      return tensor(order, part).to(Device.CPU).contiguous().segment();
    }

    @Override
    public void close() {
      tensors.values().forEach(parts -> parts.forEach(Tensor::close));
    }
  }

  /// One file for all parts.
  final class InFile implements Moments {
    private final long[] firstStarts;
    private final long[] secondStarts;
    private final StateFile file;

    private InFile(List<List<Run>> runs, Path folder) {
      firstStarts = starts(runs, Order.FIRST, 0);
      secondStarts = starts(runs, Order.SECOND, firstStarts[runs.size()]);
      file = StateFile.create(folder, DType.F32.bytes() * secondStarts[runs.size()]);
    }

    /// The first element of each part, and the first after all of them.
    private static long[] starts(List<List<Run>> runs, Order order, long from) {
      long[] starts = new long[runs.size() + 1];
      starts[0] = from;
      for (int part = 0; part < runs.size(); part++) {
        starts[part + 1] = starts[part] + order.elements(runs.get(part));
      }
      return starts;
    }

    private long[] starts(Order order) {
      return order == Order.FIRST ? firstStarts : secondStarts;
    }

    private long offset(Order order, int part) {
      return DType.F32.bytes() * starts(order)[part];
    }

    @Override
    public long elements(Order order, int part) {
      return starts(order)[part + 1] - starts(order)[part];
    }

    @Override
    public Tensor take(Order order, int part, long from, long size) {
      Tensor taken = Tensor.empty(DType.F32, Device.CPU, size);
      file.read(offset(order, part) + DType.F32.bytes() * from, taken);
      return taken;
    }

    @Override
    public void giveBack(Order order, int part, long from, Tensor taken) {
      file.write(offset(order, part) + DType.F32.bytes() * from, taken);
    }

    @Override
    public MemorySegment all(Order order, int part, Arena arena) {
      return file.map(offset(order, part), DType.F32.bytes() * elements(order, part), arena);
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
