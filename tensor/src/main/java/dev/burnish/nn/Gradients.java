package dev.burnish.nn;

import dev.burnish.kernel.Output;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.MappedFile;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The gradients of one part of a model, in one flat F32 buffer, and which of its parameters are
/// trained.
///
/// The buffer exists from the first [#values], [#of] or [#written] to [#free]; frozen parameters
/// have no place in it. For one thread at a time.
public final class Gradients {
  private final FlatLayout layout;
  private final Device device;
  private @Nullable Tensor buffer;
  private @Nullable Tensor home;
  private Consumer<Tensor> aside = _ -> {};
  // Parameters whose gradient the buffer holds; the elements of others are undefined.
  private final Set<String> begun = new HashSet<>();
  private boolean frozen;
  private Set<String> fixed = Set.of();

  Gradients(FlatLayout layout, Device device) {
    this.layout = layout;
    this.device = device;
  }

  /// Freezes all parameters of the part: none is trained from now on.
  void freeze() {
    free();
    frozen = true;
  }

  /// Whether no parameter of the part is trained, whatever [#freezeOnly] names.
  public boolean areFrozen() {
    return frozen;
  }

  /// Whether a parameter is not trained.
  public boolean areFrozen(String name) {
    return frozen || fixed.contains(name);
  }

  /// Freezes the parameters of these names, and no others; frees existing gradients.
  ///
  /// @throws IllegalArgumentException if the part has no parameter of such a name
  public void freezeOnly(Set<String> names) {
    names.forEach(layout::spec);
    free();
    fixed = Set.copyOf(names);
  }

  /// Elements of the buffer: those of all parameters that are trained.
  public long size() {
    return layout.names().stream().mapToLong(this::size).sum();
  }

  private int size(String name) {
    return areFrozen(name) ? 0 : layout.spec(name).size();
  }

  private int offset(String name) {
    int offset = 0;
    for (String before : layout.names()) {
      if (before.equals(name)) {
        break;
      }
      offset += size(before);
    }
    return offset;
  }

  /// Places the buffer in a tensor of a [MappedFile], which stays its owner's, instead of memory of
  /// its own.
  ///
  /// @throws IllegalStateException if the buffer exists already, or the tensor is of another size
  public void placeInFile(Tensor place) {
    placeIn(place);
    aside = MappedFile::release;
  }

  /// Places the buffer in a tensor of memory that stays its owner's, and resident, instead of
  /// memory of its own.
  ///
  /// @throws IllegalStateException if the buffer exists already, or the tensor is of another size
  public void placeIn(Tensor place) {
    if (buffer != null || place.numElements() != size()) {
      throw new IllegalStateException(
          "gradients must be placed before there are any, in a tensor of their size: place=%s size=%d"
              .formatted(place, size()));
    }
    home = place;
    aside = _ -> {};
  }

  /// Takes the contents of the place of [#placeIn] as complete gradients: another process has left
  /// them there.
  ///
  /// @throws IllegalStateException if the buffer exists already, or has no place
  public void adopt() {
    if (buffer != null || home == null) {
      throw new IllegalStateException(
          "gradients must be adopted from their place before there are any: place=%s"
              .formatted(home));
    }
    layout.names().stream().filter(name -> size(name) > 0).forEach(begun::add);
    buffer = home;
  }

  /// Undoes [#placeIn] or [#placeInFile] and frees the buffer.
  public void keepInMemory() {
    free();
    home = null;
  }

  /// All gradients, `[size]`, zero where there are none yet: those of what is trained, in the order
  /// of the layout.
  ///
  /// @throws IllegalStateException if the part is frozen
  public Tensor values() {
    Tensor all = buffer();
    beginWithZeros(all, layout.names().stream().filter(name -> size(name) > 0).toList());
    return all;
  }

  private Tensor buffer() {
    if (frozen) {
      throw new IllegalStateException(
          "frozen parameters have no gradients: parameters=%s".formatted(layout.names()));
    }
    Tensor existing = buffer;
    if (existing == null) {
      existing =
          home != null ? home : TensorScope.outside(() -> Tensor.empty(DType.F32, device, size()));
      buffer = existing;
    }
    return existing;
  }

  /// Fills the elements without a value with zeros.
  private void beginWithZeros(Tensor all, List<String> names) {
    for (String name : names) {
      if (begun.add(name)) {
        try (Tensor part = all.narrow(0, offset(name), size(name))) {
          part.zero_();
        }
      }
    }
  }

  /// Takes gradients that live in a file out of resident memory until they are used again.
  public void setAside() {
    if (home != null) {
      aside.accept(home);
    }
  }

  /// Whether the buffer exists.
  public boolean exist() {
    return buffer != null;
  }

  /// Frees the buffer: the next gradients begin with zero.
  public void free() {
    setAside();
    if (buffer != null && home == null) {
      buffer.close();
    }
    buffer = null;
    begun.clear();
  }

  /// A view of the gradient of one parameter, or of several adjacent ones as one of that shape, to
  /// be added to; where they are frozen, zeros that are never read. The caller's to close.
  public Tensor of(String first, long... shape) {
    long[] wanted = shape.length == 0 ? layout.spec(first).shape() : shape;
    if (areFrozen(first)) {
      return Tensor.zeros(DType.F32, device, wanted);
    }
    Tensor all = buffer();
    beginWithZeros(all, adjacent(first, ParameterSpec.size(wanted)));
    return Parameters.view(all, offset(first), wanted);
  }

  /// The gradient of one trained parameter, or of several adjacent ones, to be written.
  ///
  /// @param view the caller's to close
  /// @param output whether to add to the view or to overwrite its undefined contents
  record Written(Tensor view, Output output) {}

  /// A gradient that the caller writes, so that it need not be filled with zeros first.
  Written written(String first, long... shape) {
    Tensor all = buffer();
    List<String> names = adjacent(first, ParameterSpec.size(shape));
    Tensor view = Parameters.view(all, offset(first), shape);
    if (names.stream().anyMatch(begun::contains)) {
      beginWithZeros(all, names);
      return new Written(view, Output.ADD);
    }
    begun.addAll(names);
    return new Written(view, Output.OVERWRITE);
  }

  /// The names of adjacent trained parameters that have some elements together.
  private List<String> adjacent(String first, int size) {
    List<String> names = new ArrayList<>();
    int left = size;
    boolean found = false;
    for (String name : layout.names()) {
      found |= name.equals(first);
      if (found && left > 0 && size(name) > 0) {
        names.add(name);
        left -= size(name);
      }
    }
    return names;
  }
}
