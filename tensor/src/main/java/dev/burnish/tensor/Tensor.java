package dev.burnish.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.PointerConsumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// An n-dimensional array of one [DType] on one [Device]: a thin handle on a libtorch tensor, with
/// libtorch's semantics.
///
/// Operations without a trailing underscore return a new handle (views share memory, as in
/// PyTorch); those with one change this tensor and return it. Native memory is freed by [#close] or
/// by the [TensorScope] in which the handle was made. A handle may pass between threads, but is not
/// to be used by two at a time when one of them writes.
public final class Tensor implements AutoCloseable {
  private final org.bytedeco.pytorch.Tensor handle;
  private final long[] shape;
  private final long[] strides;
  private final DType dtype;
  private boolean closed;

  private Tensor(org.bytedeco.pytorch.Tensor handle) {
    this.handle = handle;
    this.shape = new long[Math.toIntExact(handle.dim())];
    this.strides = new long[shape.length];
    for (int dim = 0; dim < shape.length; dim++) {
      shape[dim] = handle.size(dim);
      strides[dim] = handle.stride(dim);
    }
    this.dtype = Libtorch.dtype(handle.scalar_type());
    TensorScope.register(this);
  }

  // --- making tensors ---

  /// A tensor of that shape with undefined contents. In host memory a large one reuses freed
  /// memory: [LargeMemory].
  public static Tensor empty(DType dtype, Device device, long... shape) {
    return empty(dtype, device, shape, LargeMemory::take);
  }

  /// The same for a tensor of which only some rows are ever written, such as a cache: what is not
  /// written takes no memory, except that around a row that is in a page with it.
  public static Tensor sparse(DType dtype, Device device, long... shape) {
    return empty(dtype, device, shape, LargeMemory::takeSparse);
  }

  private static Tensor empty(
      DType dtype,
      Device device,
      long[] shape,
      BiFunction<LargeMemory, Long, OptionalLong> taking) {
    OptionalLong large =
        device instanceof Device.Cpu ? large(dtype, shape, taking) : OptionalLong.empty();
    return large.isPresent()
        ? overLarge(large.getAsLong(), dtype, shape)
        : make("empty", () -> torch.empty(shape, Libtorch.options(dtype, device), null));
  }

  private static OptionalLong large(
      DType dtype, long[] shape, BiFunction<LargeMemory, Long, OptionalLong> taking) {
    long bytes = dtype.bytes();
    for (long size : shape) {
      bytes = Math.multiplyExact(bytes, size);
    }
    return bytes < LargeMemory.LARGE || LargeMemory.shared().isEmpty()
        ? OptionalLong.empty()
        : taking.apply(LargeMemory.shared().get(), bytes);
  }

  private static Tensor overLarge(long address, DType dtype, long[] shape) {
    try {
      return make(
          "empty",
          () -> {
            try (Pointer data = new ForeignPointer(address)) {
              return torch.from_blob(
                  data, shape, GiveBack.CALLED, Libtorch.options(dtype, Device.CPU), null);
            }
          });
    } catch (RuntimeException e) {
      LargeMemory.shared().orElseThrow().give(address);
      throw e;
    }
  }

  /// The deleter that libtorch calls when the last handle on a large tensor's memory is gone.
  private static final class GiveBack extends PointerConsumer {
    static final GiveBack CALLED = new GiveBack();

    @Override
    public void call(Pointer data) {
      LargeMemory.shared().orElseThrow().give(data.address());
    }
  }

  public static Tensor zeros(DType dtype, Device device, long... shape) {
    return empty(dtype, device, shape).zero_();
  }

  /// An F32 tensor on the CPU, filled from `values` in row-major order.
  ///
  /// @throws IllegalArgumentException if the shape does not hold exactly `values.length` elements
  public static Tensor of(float[] values, long... shape) {
    Tensor result = empty(DType.F32, Device.CPU, checked(values.length, shape));
    MemorySegment.copy(values, 0, result.segment(), ValueLayout.JAVA_FLOAT, 0, values.length);
    return result;
  }

  /// An I64 tensor on the CPU, as libtorch wants its indices.
  public static Tensor of(int[] values, long... shape) {
    long[] wide = Arrays.stream(values).asLongStream().toArray();
    Tensor result = empty(DType.I64, Device.CPU, checked(values.length, shape));
    MemorySegment.copy(wide, 0, result.segment(), ValueLayout.JAVA_LONG, 0, wide.length);
    return result;
  }

  /// A tensor over memory with another owner, such as a mapped file: nothing is copied, and closing
  /// the tensor leaves the memory as it is. The segment has to stay alive as long as the tensor and
  /// its views.
  ///
  /// @throws IllegalArgumentException if the segment is not native, or smaller than the shape, or
  ///   not aligned to the element
  public static Tensor wrap(MemorySegment segment, DType dtype, long... shape) {
    long bytes = dtype.bytes();
    for (long size : shape) {
      bytes = Math.multiplyExact(bytes, size);
    }
    if (!segment.isNative()
        || segment.byteSize() < bytes
        || segment.address() % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          "a tensor over foreign memory needs an aligned native segment of its size: shape=%s bytes=%d segment=%s"
              .formatted(Arrays.toString(shape), bytes, segment));
    }
    return make(
        "from_blob",
        () -> {
          try (Pointer data = new ForeignPointer(segment.address())) {
            return torch.from_blob(data, shape, Libtorch.options(dtype, Device.CPU));
          }
        });
  }

  /// JavaCPP makes pointers from addresses in subclasses only.
  private static final class ForeignPointer extends Pointer {
    ForeignPointer(long at) {
      this.address = at;
    }
  }

  /// Concatenation along `dim`.
  public static Tensor cat(int dim, Tensor... tensors) {
    return make(
        "cat",
        () -> {
          try (TensorVector vector = new TensorVector()) {
            for (Tensor tensor : tensors) {
              vector.push_back(tensor.handle());
            }
            return torch.cat(vector, dim);
          }
        },
        tensors);
  }

  private static long[] checked(int count, long[] shape) {
    long elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, size);
    }
    if (elements != count) {
      throw new IllegalArgumentException(
          "a shape holds as many elements as there are values: shape=%s values=%d"
              .formatted(Arrays.toString(shape), count));
    }
    return shape;
  }

  // --- what it is ---

  public long[] shape() {
    return shape.clone();
  }

  /// Number of dimensions.
  public int rank() {
    return shape.length;
  }

  /// Size of dimension `dim`; negative values count from the end.
  public long size(int dim) {
    return shape[dim < 0 ? dim + shape.length : dim];
  }

  /// Elements from one index of `dim` to the next.
  public long stride(int dim) {
    return strides[dim < 0 ? dim + shape.length : dim];
  }

  public DType dtype() {
    return dtype;
  }

  public Device device() {
    return handle().is_cuda() ? Device.cuda(handle().device().index()) : Device.CPU;
  }

  public long numElements() {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    return elements;
  }

  public boolean isContiguous() {
    return handle().is_contiguous();
  }

  /// Address of the first element. For kernels; valid while this tensor is open.
  public long address() {
    return handle().data_ptr().address();
  }

  /// The bytes of a contiguous CPU tensor. The segment is valid while this tensor is open.
  ///
  /// @throws IllegalStateException if the tensor is not contiguous or not in host memory
  public MemorySegment segment() {
    if (!isContiguous() || !(device() instanceof Device.Cpu)) {
      throw new IllegalStateException(
          "a segment needs a contiguous tensor in host memory: %s; call contiguous() or to(Device.CPU) first"
              .formatted(this));
    }
    long bytes = numElements() * dtype.bytes();
    return bytes == 0
        ? MemorySegment.NULL
        : MemorySegment.ofAddress(address()).reinterpret(bytes, Arena.global(), null);
  }

  /// The elements of an F32 tensor in row-major order.
  public float[] toFloatArray() {
    if (dtype != DType.F32) {
      throw new IllegalStateException(
          "toFloatArray needs an F32 tensor: dtype=%s; call to(DType.F32) first".formatted(dtype));
    }
    try (TensorScope _ = TensorScope.open()) {
      float[] values = new float[Math.toIntExact(numElements())];
      MemorySegment source = to(Device.CPU).contiguous().segment();
      MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, 0, values, 0, values.length);
      return values;
    }
  }

  /// The value of a tensor of one element.
  public double item() {
    try (Scalar scalar = handle().item()) {
      return scalar.toDouble();
    } catch (RuntimeException e) {
      throw TensorException.of("item", e, this);
    }
  }

  @Override
  public String toString() {
    return closed
        ? "Tensor[closed]"
        : "Tensor[%s %s %s]".formatted(dtype, Arrays.toString(shape), device());
  }

  // --- views ---

  public Tensor view(long... newShape) {
    return op("view", () -> handle.view(newShape));
  }

  public Tensor reshape(long... newShape) {
    return op("reshape", () -> handle.reshape(newShape));
  }

  /// `length` indices of `dim` from `start` on.
  public Tensor narrow(int dim, long start, long length) {
    return op("narrow", () -> handle.narrow(dim, start, length));
  }

  public Tensor select(int dim, long index) {
    return op("select", () -> handle.select(dim, index));
  }

  public Tensor transpose(int dim0, int dim1) {
    return op("transpose", () -> handle.transpose(dim0, dim1));
  }

  public Tensor unsqueeze(int dim) {
    return op("unsqueeze", () -> handle.unsqueeze(dim));
  }

  /// A second handle on the same memory, with its own owner.
  public Tensor alias() {
    return op("alias", () -> handle.alias());
  }

  // --- values ---

  public Tensor contiguous() {
    return op("contiguous", () -> handle.contiguous());
  }

  public Tensor copy() {
    return op("clone", () -> handle.clone());
  }

  public Tensor to(DType type) {
    return op("to", () -> handle.toType(Libtorch.scalarType(type)));
  }

  public Tensor to(Device target) {
    return op(
        "to",
        () -> handle.to(Libtorch.device(target), Libtorch.scalarType(dtype), false, false, null));
  }

  public Tensor matmul(Tensor other) {
    return op("matmul", () -> handle.matmul(other.handle()), other);
  }

  public Tensor add(Tensor other) {
    return op("add", () -> handle.add(other.handle()), other);
  }

  public Tensor add(double value) {
    return op("add", value, handle()::add);
  }

  public Tensor sub(Tensor other) {
    return op("sub", () -> handle.sub(other.handle()), other);
  }

  public Tensor mul(Tensor other) {
    return op("mul", () -> handle.mul(other.handle()), other);
  }

  public Tensor mul(double value) {
    return op("mul", value, handle()::mul);
  }

  public Tensor div(Tensor other) {
    return op("div", () -> handle.div(other.handle()), other);
  }

  public Tensor neg() {
    return op("neg", handle::neg);
  }

  public Tensor exp() {
    return op("exp", handle::exp);
  }

  public Tensor log() {
    return op("log", handle::log);
  }

  public Tensor sqrt() {
    return op("sqrt", handle::sqrt);
  }

  public Tensor rsqrt() {
    return op("rsqrt", handle::rsqrt);
  }

  public Tensor square() {
    return op("square", handle::square);
  }

  public Tensor sigmoid() {
    return op("sigmoid", handle::sigmoid);
  }

  public Tensor silu() {
    return op("silu", () -> torch.silu(handle));
  }

  public Tensor softmax(int dim) {
    return op("softmax", () -> handle.softmax(dim));
  }

  public Tensor logSoftmax(int dim) {
    return op("log_softmax", () -> handle.log_softmax(dim));
  }

  public Tensor logsumexp(int dim) {
    return op("logsumexp", () -> handle.logsumexp(dim));
  }

  public Tensor sum() {
    return op("sum", () -> handle.sum());
  }

  /// Sum over `dim`; that dimension stays with size 1 where `keepDim` is set.
  public Tensor sum(int dim, boolean keepDim) {
    return op("sum", () -> handle.sum(new long[] {dim}, keepDim, null));
  }

  public Tensor mean(int dim, boolean keepDim) {
    return op("mean", () -> handle.mean(new long[] {dim}, keepDim, null));
  }

  /// Rows of `dim` in the order of the I64 tensor `index`.
  public Tensor indexSelect(int dim, Tensor index) {
    return op("index_select", () -> handle.index_select(dim, index.handle()), index);
  }

  public Tensor gather(int dim, Tensor index) {
    return op("gather", () -> handle.gather(dim, index.handle()), index);
  }

  /// This tensor with `value` wherever the BOOL tensor `mask` is true.
  public Tensor maskedFill(Tensor mask, double value) {
    try (Scalar scalar = new Scalar(value)) {
      return op("masked_fill", () -> handle.masked_fill(mask.handle(), scalar), mask);
    }
  }

  // --- in place ---

  public Tensor copy_(Tensor source) {
    return inPlace("copy_", () -> handle().copy_(source.handle()), source);
  }

  public Tensor add_(Tensor other) {
    return inPlace("add_", () -> handle().add_(other.handle()), other);
  }

  public Tensor mul_(double value) {
    return inPlace("mul_", value, handle()::mul_);
  }

  public Tensor zero_() {
    return inPlace("zero_", () -> handle().zero_());
  }

  public Tensor fill_(double value) {
    return inPlace("fill_", value, handle()::fill_);
  }

  /// Adds the rows of `source` to the rows of this tensor that `index` names; equal indices
  /// accumulate.
  public Tensor indexAdd_(int dim, Tensor index, Tensor source) {
    return inPlace(
        "index_add_",
        () -> handle().index_add_(dim, index.handle(), source.handle()),
        index,
        source);
  }

  /// Overwrites the rows of this tensor that `index` names with the rows of `source`.
  public Tensor indexCopy_(int dim, Tensor index, Tensor source) {
    return inPlace(
        "index_copy_",
        () -> handle().index_copy_(dim, index.handle(), source.handle()),
        index,
        source);
  }

  // --- autograd ---

  /// Marks a leaf whose gradient [#backward] is to compute.
  public Tensor requiresGrad() {
    handle().set_requires_grad(true);
    return this;
  }

  /// Back-propagates from this scalar into every leaf that requires a gradient.
  public void backward() {
    try {
      handle().backward();
    } catch (RuntimeException e) {
      throw TensorException.of("backward", e, this);
    }
  }

  /// The gradient of a leaf after [#backward].
  ///
  /// @throws IllegalStateException if there is none
  public Tensor grad() {
    org.bytedeco.pytorch.Tensor gradient = handle().grad();
    if (!gradient.defined()) {
      throw new IllegalStateException(
          "a gradient exists after backward() on a leaf that requires one: " + this);
    }
    return new Tensor(gradient);
  }

  public Tensor detach() {
    return op("detach", handle::detach);
  }

  // --- ownership ---

  public boolean isClosed() {
    return closed;
  }

  /// Frees this handle; the memory goes when the last handle on it does. Closing twice does
  /// nothing.
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      handle.close();
    }
  }

  /// @throws IllegalStateException if this tensor is closed
  org.bytedeco.pytorch.Tensor handle() {
    if (closed) {
      throw new IllegalStateException(
          "a tensor is not used after it was closed: shape=%s; keep it with TensorScope.keep"
              .formatted(Arrays.toString(shape)));
    }
    return handle;
  }

  private Tensor op(
      String name, Supplier<org.bytedeco.pytorch.Tensor> operation, Tensor... others) {
    handle();
    try {
      return new Tensor(operation.get());
    } catch (RuntimeException e) {
      throw TensorException.of(name, e, with(others));
    }
  }

  private Tensor op(
      String name, double value, Function<Scalar, org.bytedeco.pytorch.Tensor> operation) {
    try (Scalar scalar = new Scalar(value)) {
      return op(name, () -> operation.apply(scalar));
    }
  }

  private Tensor inPlace(String name, double value, Consumer<Scalar> operation) {
    try (Scalar scalar = new Scalar(value)) {
      return inPlace(name, () -> operation.accept(scalar));
    }
  }

  private Tensor inPlace(String name, Runnable operation, Tensor... others) {
    handle();
    try {
      operation.run();
      return this;
    } catch (RuntimeException e) {
      throw TensorException.of(name, e, with(others));
    }
  }

  private static Tensor make(
      String name, Supplier<org.bytedeco.pytorch.Tensor> operation, Tensor... operands) {
    Libtorch.load();
    try {
      return new Tensor(operation.get());
    } catch (RuntimeException e) {
      throw TensorException.of(name, e, operands);
    }
  }

  private Tensor[] with(Tensor[] others) {
    Tensor[] all = new Tensor[others.length + 1];
    all[0] = this;
    System.arraycopy(others, 0, all, 1, others.length);
    return all;
  }
}
