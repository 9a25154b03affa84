package dev.burnish.concurrent;

import java.io.Serial;

/// Work that is no step has ended where it was, since a loop was asked to end: see [Stop#check].
public final class Stopped extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  Stopped() {
    super("the process was asked to end: signal=Ctrl-C or SIGTERM; resume the run to continue");
  }
}
