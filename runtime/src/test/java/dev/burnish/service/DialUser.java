package dev.burnish.service;

import dev.burnish.actor.Concurrent;
import java.util.List;

/// An actor of another process that calls a service of dials.
interface DialUser {
  /// The number, read `times` times.
  List<Integer> read(int times);

  /// Begins calls that are held, as threads of this process.
  void begin(int numCalls);

  /// The outcomes, once all have ended: the number, or the type of the exception.
  @Concurrent
  List<String> outcomes();

  /// Binds a session.
  void open();

  /// The number, from the session.
  int readInSession();

  /// Ends the session.
  void end();
}
