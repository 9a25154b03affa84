package dev.burnish.service;

import dev.burnish.actor.Concurrent;

/// An actor that holds one number, which tests change.
interface Dial {
  /// @throws IllegalArgumentException if it is negative
  void set(int number);

  int get();

  /// Sets it, unless this replica has been told to refuse a change.
  void setUnlessRefused(int number);

  /// Sets it, and waits until it is released or interrupted.
  void setSlowly(int number);

  /// Ends the replica like a failure of something that it owns.
  void fail();

  /// Returns 1 when it is released, -1 when it is interrupted.
  @Concurrent
  int hold();

  /// Waits like an endpoint that does not catch the exception of an interrupt.
  @Concurrent
  int holdOrThrow();

  /// Calls that are held here.
  @Concurrent
  int numHeld();

  /// Releases all calls that are held here, now and later.
  @Concurrent
  void release();

  /// How often it was set.
  int numSet();

  long pid();

  String where();
}
