/// The cost of calls, fan-outs and starts of actor meshes, compared with bare sockets, JVMs and
/// copies.
@NullMarked
package dev.burnish.bench.mesh;

import org.jspecify.annotations.NullMarked;
