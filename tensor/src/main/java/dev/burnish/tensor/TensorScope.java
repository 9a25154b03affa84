package dev.burnish.tensor;

import java.util.ArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Owner of the tensors that its thread creates while it is open; closing it frees their native
/// memory.
///
/// ```java
/// try (var scope = TensorScope.open()) {
///   Tensor y = x.matmul(w).add(bias);       // the product is freed at the end of the block
///   return scope.keep(y);                   // y moves to the enclosing scope, or to the caller
/// }
/// ```
///
/// Scopes nest like blocks. A scope belongs to the thread that opened it. A tensor made outside any
/// scope belongs to the code that made it and is freed by [Tensor#close].
public final class TensorScope implements AutoCloseable {
  /// The innermost open scope of each thread. A thread-local, since a scope opens and closes in the
  /// middle of a method.
  private static final ThreadLocal<@Nullable TensorScope> CURRENT = new ThreadLocal<>();

  private final @Nullable TensorScope parent;
  private final Thread thread;
  private final ArrayList<Tensor> tensors = new ArrayList<>();
  private boolean closed;

  private TensorScope(@Nullable TensorScope parent) {
    this.parent = parent;
    this.thread = Thread.currentThread();
  }

  public static TensorScope open() {
    TensorScope scope = new TensorScope(CURRENT.get());
    CURRENT.set(scope);
    return scope;
  }

  /// Moves `tensor` to the enclosing scope, or out of all scopes, so that it outlives this one.
  public Tensor keep(Tensor tensor) {
    if (!tensors.remove(tensor)) {
      throw new IllegalArgumentException(
          "a scope keeps only tensors that it owns: %s; keep it where it was made"
              .formatted(tensor));
    }
    if (parent != null) {
      parent.tensors.add(tensor);
    }
    return tensor;
  }

  /// Makes tensors that belong to no scope, but to an object that outlives the block it is used in.
  public static <T> T outside(Supplier<T> factory) {
    TensorScope current = CURRENT.get();
    CURRENT.remove();
    try {
      return factory.get();
    } finally {
      CURRENT.set(current);
    }
  }

  static void register(Tensor tensor) {
    TensorScope scope = CURRENT.get();
    if (scope != null) {
      scope.tensors.add(tensor);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (CURRENT.get() != this) {
      throw new IllegalStateException(
          "scopes close in reverse order, on the thread that opened them: opened by %s, closed by %s; use try-with-resources"
              .formatted(thread.getName(), Thread.currentThread().getName()));
    }
    closed = true;
    if (parent == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(parent);
    }
    for (int i = tensors.size() - 1; i >= 0; i--) {
      tensors.get(i).close();
    }
  }
}
