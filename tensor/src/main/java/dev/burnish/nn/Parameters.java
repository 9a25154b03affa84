package dev.burnish.nn;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.MappedFile;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The parameters of one part of a model in one flat F32 buffer, and their gradients in another of
/// the same layout.
///
/// One buffer a block means one fused optimizer update, one copy to publish or to checkpoint, and
/// matrices that are used together (query, key and value projections) as one matrix. The gradient
/// buffer exists from the first [#gradients] to [#freeGradients]; frozen parameters have no place
/// in it.
public final class Parameters implements AutoCloseable {
  /// A named parameter and its shape.
  public record Spec(String name, long... shape) {
    public int size() {
      long size = 1;
      for (long dim : shape) {
        size = Math.multiplyExact(size, dim);
      }
      return Math.toIntExact(size);
    }
  }

  private final Device device;

  private record Placed(Spec spec, int offset) {}

  private final Map<String, Placed> placed = new LinkedHashMap<>();
  private final Tensor values;
  private final List<Tensor> views = new ArrayList<>();
  private @Nullable Tensor gradients;
  private @Nullable Tensor gradientHome;
  // Of which the gradients hold something; those of others are undefined.
  private final Set<String> begun = new HashSet<>();
  private boolean frozen;
  private Set<String> fixed = Set.of();

  public Parameters(Device device, List<Spec> specs) {
    this.device = device;
    int size = 0;
    for (Spec spec : specs) {
      if (placed.put(spec.name(), new Placed(spec, size)) != null) {
        throw new IllegalArgumentException("parameter names differ: name=" + spec.name());
      }
      size = Math.addExact(size, spec.size());
    }
    int total = size;
    values = TensorScope.outside(() -> Tensor.zeros(DType.F32, device, total));
  }

  /// No parameters, of a part of which nothing is trained.
  static Parameters none(Device device) {
    return new Parameters(device, List.of());
  }

  public Device device() {
    return device;
  }

  /// The names, in the order of the buffer.
  public SequencedSet<String> names() {
    return new LinkedHashSet<>(placed.keySet());
  }

  public Spec spec(String name) {
    return find(name).spec();
  }

  /// First element of a parameter in the flat buffers.
  public int offset(String name) {
    return find(name).offset();
  }

  private Placed find(String name) {
    Placed found = placed.get(name);
    if (found == null) {
      throw new IllegalArgumentException(
          "no parameter of that name: name=%s names=%s".formatted(name, placed.keySet()));
    }
    return found;
  }

  /// All values, `[size]`.
  public Tensor values() {
    return values;
  }

  /// Has these parameters not be trained from now on.
  void freeze() {
    freeGradients();
    frozen = true;
  }

  /// Whether they are not trained, whatever [#holdFixed] names.
  public boolean isFrozen() {
    return frozen;
  }

  /// Whether one of them is not trained.
  public boolean isFrozen(String name) {
    return frozen || fixed.contains(name);
  }

  /// Has the parameters of these names, and no others, have no gradients from now on; those that
  /// there are are freed.
  public void holdFixed(Set<String> names) {
    names.forEach(this::find);
    freeGradients();
    fixed = Set.copyOf(names);
  }

  /// Elements of [#gradients].
  public long numGradients() {
    return placed.keySet().stream().mapToLong(this::gradientSize).sum();
  }

  private int gradientSize(String name) {
    return isFrozen(name) ? 0 : spec(name).size();
  }

  private int gradientOffset(String name) {
    int offset = 0;
    for (String before : placed.keySet()) {
      if (before.equals(name)) {
        break;
      }
      offset += gradientSize(before);
    }
    return offset;
  }

  /// Has the gradients live in a tensor of a [MappedFile], which stays its owner's, instead of
  /// memory of their own.
  public void placeGradients(Tensor home) {
    if (gradients != null || home.numElements() != numGradients()) {
      throw new IllegalStateException(
          "gradients are placed before there are any, in a tensor of their size: home=%s gradients=%d"
              .formatted(home, numGradients()));
    }
    gradientHome = home;
  }

  /// All gradients, `[numGradients]`, zero where there are none yet: those of what is trained, in
  /// the order of the values.
  ///
  /// @throws IllegalStateException if the parameters are frozen
  public Tensor gradients() {
    Tensor all = gradientBuffer();
    beginWithZeros(all, placed.keySet().stream().filter(name -> gradientSize(name) > 0).toList());
    return all;
  }

  private Tensor gradientBuffer() {
    if (frozen) {
      throw new IllegalStateException(
          "frozen parameters have no gradients: parameters=%s".formatted(placed.keySet()));
    }
    Tensor existing = gradients;
    if (existing == null) {
      existing =
          gradientHome != null
              ? gradientHome
              : TensorScope.outside(() -> Tensor.empty(DType.F32, device, numGradients()));
      gradients = existing;
    }
    return existing;
  }

  /// Fills with zeros what holds nothing yet.
  private void beginWithZeros(Tensor all, List<String> names) {
    for (String name : names) {
      if (begun.add(name)) {
        try (Tensor part = all.narrow(0, gradientOffset(name), gradientSize(name))) {
          part.zero_();
        }
      }
    }
  }

  /// Forgets where [#placeGradients] put them.
  public void keepGradientsInMemory() {
    freeGradients();
    gradientHome = null;
  }

  /// Takes gradients that live in a file out of resident memory until they are used again.
  public void setGradientsAside() {
    if (gradientHome != null) {
      MappedFile.release(gradientHome);
    }
  }

  public boolean hasGradients() {
    return gradients != null;
  }

  public void freeGradients() {
    setGradientsAside();
    if (gradients != null && gradientHome == null) {
      gradients.close();
    }
    gradients = null;
    begun.clear();
  }

  /// A view of one parameter, owned by this object.
  public Tensor value(String name) {
    return own(() -> view(values, offset(name), spec(name).shape()));
  }

  /// A view of adjacent parameters as one of that shape, owned by this object.
  public Tensor fused(String first, long... shape) {
    return own(() -> view(values, offset(first), shape));
  }

  /// A view of the gradient of one parameter, or of several adjacent ones as one of that shape, to
  /// be added to; where they are frozen, zeros that nobody reads. The caller's to close.
  public Tensor gradient(String first, long... shape) {
    long[] wanted = shape.length == 0 ? spec(first).shape() : shape;
    if (isFrozen(first)) {
      return Tensor.zeros(DType.F32, device, wanted);
    }
    Tensor all = gradientBuffer();
    beginWithZeros(all, adjacent(first, size(wanted)));
    return view(all, gradientOffset(first), wanted);
  }

  /// The gradient of one trained parameter, or of several adjacent ones, to be written.
  ///
  /// @param view the caller's to close
  /// @param add whether it holds something to add to; else it is undefined
  record Written(Tensor view, boolean add) {}

  /// Such a gradient, which the caller writes: nobody has to fill it with zeros first.
  Written written(String first, long... shape) {
    Tensor all = gradientBuffer();
    List<String> names = adjacent(first, size(shape));
    boolean add = names.stream().anyMatch(begun::contains);
    if (add) {
      beginWithZeros(all, names);
    } else {
      begun.addAll(names);
    }
    return new Written(view(all, gradientOffset(first), shape), add);
  }

  /// The names of adjacent trained parameters that have some elements together.
  private List<String> adjacent(String first, int size) {
    List<String> names = new ArrayList<>();
    int left = size;
    boolean found = false;
    for (String name : placed.keySet()) {
      found |= name.equals(first);
      if (found && left > 0 && gradientSize(name) > 0) {
        names.add(name);
        left -= gradientSize(name);
      }
    }
    return names;
  }

  private static int size(long[] shape) {
    return new Spec("view", shape).size();
  }

  private Tensor own(Supplier<Tensor> factory) {
    Tensor view = TensorScope.outside(factory);
    views.add(view);
    return view;
  }

  private static Tensor view(Tensor flat, int offset, long[] shape) {
    try (Tensor run = flat.narrow(0, offset, size(shape))) {
      return run.view(shape);
    }
  }

  @Override
  public void close() {
    views.forEach(Tensor::close);
    freeGradients();
    values.close();
  }
}
