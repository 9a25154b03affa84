/// Comparison with values that the original library recorded: models and training; `verify.losses`
/// and `verify.templates` check losses and chat templates.
@NullMarked
package dev.burnish.verify;

import org.jspecify.annotations.NullMarked;
