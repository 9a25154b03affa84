package dev.burnish.cli;

/// The one line that the JVM writes to a terminal before the program starts.
final class Terminal {
  private Terminal() {}

  /// Takes away the warning that the JVM uses an incubating module, which no option silences: it is
  /// the line above the cursor if that module is there and standard error is a terminal.
  static void eraseWarning() {
    boolean warned = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    if (warned && Boolean.getBoolean("burnish.errorTerminal")) {
      System.err.print("\u001b[1A\u001b[2K");
    }
  }
}
