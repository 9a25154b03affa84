/// Reinforcement learning: episodes, what they are worth, and the policy that learns from them.
@NullMarked
package dev.burnish.rl;

import org.jspecify.annotations.NullMarked;
