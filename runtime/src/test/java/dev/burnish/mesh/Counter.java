package dev.burnish.mesh;

import dev.burnish.actor.Concurrent;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/// The actors of these tests.
public interface Counter {
  void add(int n);

  int value();

  /// Such as `counters[1] of 4 at {hosts: 0/1, gpus: 1/4}`.
  String context();

  long pid();

  List<Integer> echo(List<Integer> values);

  void fail(String message);

  /// Waits until the value is at least this.
  int awaitValue(int least);

  /// Waits until its thread is interrupted.
  void hang();

  /// How often a call was interrupted.
  int interrupts();

  /// Returns when the other calls of this method have arrived.
  @Concurrent
  int meet(int parties);

  Iterator<Integer> count(int from, int to);

  int sum(Iterator<Integer> values);

  void report(int n, Consumer<String> progress);

  /// Spawns a mesh in this process and calls it.
  List<Integer> nested(ProcMeshRef procs);

  /// Asks a mesh that came as an argument.
  List<Integer> ask(ActorMesh<Counter> other);

  void print(String line);

  void exit(int status);
}
