/// The cost of running generators, trainer and weights in processes of their own.
@NullMarked
package dev.burnish.bench.loop;

import org.jspecify.annotations.NullMarked;
