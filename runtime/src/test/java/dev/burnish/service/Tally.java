package dev.burnish.service;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Idempotent;
import dev.burnish.mesh.HostMesh;

/// The actors of these tests.
public interface Tally {
  void add(int n);

  int addTo(int n, int multiplier);

  int value();

  /// The value and, for a replica of several processes, the rank.
  String whoAmI();

  void fail(String message);

  /// Ends like an actor whose child has failed, at the next [TallyActor#letDie] of its process.
  void die();

  /// Waits until it is interrupted, or released.
  @Concurrent
  void hang();

  /// Ends every [#hang].
  @Concurrent
  void release();

  /// Calls that hang now.
  @Concurrent
  int numHanging();

  /// Returns when `parties` calls of this method are under way here.
  @Concurrent
  int meet(int parties);

  /// Calls another service from here, so often; returns how often it was told `value`.
  int ask(Service<Tally> other, int times);

  /// Throws the exception of a lost replica of another service.
  void lose(Service<Tally> other);

  /// Takes a few milliseconds.
  @Idempotent
  int square(int n);

  long pid();

  /// Of a service that came as an argument: adds at all of its replicas.
  void addAtAll(Service<Tally> other, int n);

  /// Keeps its thread busy.
  void spin(int millis);

  /// Ends the process.
  void exit(int status);

  /// The same, declared as an endpoint that may run twice.
  @Idempotent
  void exitAgain(int status);

  /// The sum of the squares below a number, from another service.
  int askSquares(Service<Tally> other, int below);

  /// Appends a number to a file of this process's; takes a few milliseconds.
  void note(String folder, int n);

  /// Starts a service of two replicas that begin with a value; returns the sum of their values.
  int startAnother(HostMesh hosts, int value);
}
