package dev.burnish.concurrent;

import java.util.function.Consumer;

/// A named place in the code where something may go wrong on purpose: a test ends the process
/// there, or throws. Nothing happens unless an action was installed; then every thread that reaches
/// a point runs it.
public final class FaultPoint {
  private static volatile Consumer<String> action = _ -> {};

  private FaultPoint() {}

  /// Passes a fault point.
  ///
  /// @param name such as `checkpoint.piece`: the operation that is about to run
  public static void reach(String name) {
    action.accept(name);
  }

  /// Installs an action that runs at every point, until the result is closed. For one test at a
  /// time.
  public static Installed install(Consumer<String> whatHappens) {
    action = whatHappens;
    return () -> action = _ -> {};
  }

  /// An action that is installed; closing removes it.
  public interface Installed extends AutoCloseable {
    @Override
    void close();
  }
}
