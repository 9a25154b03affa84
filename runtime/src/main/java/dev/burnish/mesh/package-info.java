/// Meshes of hosts, processes and actors: spawning, calling many, supervision.
@NullMarked
package dev.burnish.mesh;

import org.jspecify.annotations.NullMarked;
