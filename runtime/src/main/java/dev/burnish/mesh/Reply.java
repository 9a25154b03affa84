package dev.burnish.mesh;

import dev.burnish.actor.Point;

/// The answer of one actor of a mesh.
///
/// @param point of the actor in the mesh that was called
public record Reply<R>(Point point, R value) {
  /// Its number in the mesh that was called.
  public int rank() {
    return point.rank();
  }
}
