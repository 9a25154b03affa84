package dev.burnish;

import java.io.Serial;

/// A script was asked what it takes, and that was shown: it does not go on.
public final class HelpShown extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  HelpShown() {
    super("the options and settings of the script were shown: option=--help; leave it out to run");
  }
}
