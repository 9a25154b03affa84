package dev.burnish.sandbox;

import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/// Sandboxes of tests: where this machine has none the test is skipped with the cure, or fails if
/// `CI=true`.
public final class Sandboxes {
  private Sandboxes() {}

  static BubblewrapSandbox open(SandboxSettings settings) {
    return open(() -> BubblewrapSandbox.open(settings));
  }

  /// For tests of what opens one itself.
  public static void require() {
    open(SandboxSettings.defaults()).close();
  }

  /// The sandbox, or whatever opens one.
  public static <T> T open(Supplier<T> opened) {
    try {
      return opened.get();
    } catch (SandboxUnavailable e) {
      if ("true".equals(System.getenv("CI"))) {
        throw e;
      }
      Assumptions.abort(String.valueOf(e.getMessage()));
      throw e;
    }
  }
}
