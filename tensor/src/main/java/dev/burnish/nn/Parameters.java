package dev.burnish.nn;

import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The parameters of one part of a model: a layout, the values that [Weights] hold of it, and their
/// [Gradients].
public final class Parameters implements AutoCloseable {
  private final FlatLayout layout;
  private final Tensor values;
  private final Gradients gradients;
  private final List<Tensor> views = new ArrayList<>();

  /// @param values `[size of the layout]`, which stay their owner's
  Parameters(FlatLayout layout, Tensor values) {
    this.layout = layout;
    this.values = values;
    this.gradients = new Gradients(layout, values.device());
  }

  /// The part of that index.
  public static Parameters of(Weights weights, int part) {
    return new Parameters(weights.layouts().get(part), weights.part(part));
  }

  public FlatLayout layout() {
    return layout;
  }

  public Device device() {
    return values.device();
  }

  /// All values, `[size]`.
  public Tensor values() {
    return values;
  }

  public Gradients gradients() {
    return gradients;
  }

  /// A view of one parameter, owned by this object.
  public Tensor value(String name) {
    return own(() -> view(values, layout.offset(name), layout.spec(name).shape()));
  }

  /// A view of adjacent parameters as one of that shape, owned by this object.
  public Tensor fused(String first, long... shape) {
    return own(() -> view(values, layout.offset(first), shape));
  }

  private Tensor own(Supplier<Tensor> factory) {
    Tensor view = TensorScope.outside(factory);
    views.add(view);
    return view;
  }

  static Tensor view(Tensor flat, int offset, long[] shape) {
    try (Tensor run = flat.narrow(0, offset, ParameterSpec.size(shape))) {
      return run.view(shape);
    }
  }

  /// Closes the views and the gradients; the values are their owner's to close.
  @Override
  public void close() {
    views.forEach(Tensor::close);
    gradients.free();
  }
}
