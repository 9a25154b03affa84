/// The vocabulary of a rollout: problems, prompts, completions, groups, episodes, and the
/// interfaces that produce and judge them. Everything here is data that travels, or an interface
/// whose arguments do.
@NullMarked
package dev.burnish.rollout;

import org.jspecify.annotations.NullMarked;
