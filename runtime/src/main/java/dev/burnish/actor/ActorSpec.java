package dev.burnish.actor;

/// The description of an actor to construct, in a form that travels.
///
/// @param number of the actor in its process, chosen by the spawner
/// @param name of its mesh
/// @param type its interface
/// @param signature of the interface's endpoints, as the spawner sees them
/// @param mesh the number of its mesh with its owner, who is told of a failure
public record ActorSpec(
    long number,
    String name,
    Point point,
    String type,
    String signature,
    Construction construction,
    long mesh) {}
