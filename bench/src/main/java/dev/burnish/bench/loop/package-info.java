/// The cost of running generators, trainer and weights in processes of their own, and the gain of
/// running rollouts while a trainer trains.
@NullMarked
package dev.burnish.bench.loop;

import org.jspecify.annotations.NullMarked;
