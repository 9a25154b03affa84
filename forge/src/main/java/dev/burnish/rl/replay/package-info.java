/// What is between rollouts and training: groups that wait, and which of them a step trains on.
@NullMarked
package dev.burnish.rl.replay;

import org.jspecify.annotations.NullMarked;
