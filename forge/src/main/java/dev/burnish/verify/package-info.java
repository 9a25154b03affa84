/// Comparison with values that the original library recorded: models and training.
@NullMarked
package dev.burnish.verify;

import org.jspecify.annotations.NullMarked;
