/// The asynchronous loop: rollouts that go on while a trainer trains, within a bound on staleness.
@NullMarked
package dev.burnish.rl.loop;

import org.jspecify.annotations.NullMarked;
