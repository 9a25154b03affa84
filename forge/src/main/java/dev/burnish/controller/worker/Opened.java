package dev.burnish.controller.worker;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Resources that are closed together, the last one first. One that fails does not keep the others
/// open. One thread.
public final class Opened implements AutoCloseable {
  private final List<AutoCloseable> resources = new ArrayList<>();

  /// Adds a resource, and returns it.
  public <T extends AutoCloseable> T add(T resource) {
    resources.add(resource);
    return resource;
  }

  /// @throws IllegalStateException with the first failure; the others follow as suppressed
  ///   exceptions
  @Override
  public void close() {
    @Nullable IllegalStateException failure = null;
    for (AutoCloseable each : resources.reversed()) {
      failure = close(each, failure);
    }
    resources.clear();
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable IllegalStateException close(
      AutoCloseable resource, @Nullable IllegalStateException before) {
    try {
      resource.close();
      return before;
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      if (before == null) {
        return new IllegalStateException("a part must close: " + e, e);
      }
      before.addSuppressed(e);
      return before;
    }
  }
}
