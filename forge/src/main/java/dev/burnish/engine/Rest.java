package dev.burnish.engine;

import java.util.concurrent.locks.LockSupport;

/// Leaves the processors to others for twice as long as its thread used them since the last rest,
/// and at most 10 ms. An interrupted thread does not rest.
final class Rest implements Runnable {
  private static final int SHARE = 2;
  private static final long LONGEST = 10_000_000;

  private long began = System.nanoTime();

  @Override
  public void run() {
    LockSupport.parkNanos(Math.min(LONGEST, SHARE * (System.nanoTime() - began)));
    began = System.nanoTime();
  }
}
