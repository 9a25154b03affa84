/// Learners: they turn episodes, preference pairs and examples into steps of a trainer.
@NullMarked
package dev.burnish.learn;

import org.jspecify.annotations.NullMarked;
