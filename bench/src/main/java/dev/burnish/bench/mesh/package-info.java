/// What calls, fan-outs and starts of actor meshes cost, beside bare sockets, JVMs and copies.
@NullMarked
package dev.burnish.bench.mesh;

import org.jspecify.annotations.NullMarked;
