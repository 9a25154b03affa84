/// The buffer between rollouts and training: groups that wait, and the choice of those that a step
/// trains on.
@NullMarked
package dev.burnish.rl.replay;

import org.jspecify.annotations.NullMarked;
