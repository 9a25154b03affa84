package dev.burnish.cli;

/// A finding of `burnish doctor` about one thing.
///
/// @param advice what to do; empty where nothing is to be done
record Finding(String name, Verdict verdict, String value, String advice) {
  enum Verdict {
    /// As it should be.
    GOOD,
    /// Something works less well, or not at all.
    LACKING,
    /// Nothing works.
    BROKEN
  }

  static Finding good(String name, String value) {
    return new Finding(name, Verdict.GOOD, value, "");
  }

  static Finding of(String name, boolean good, String value, String advice) {
    return good ? good(name, value) : new Finding(name, Verdict.LACKING, value, advice);
  }
}
