/// Guesses of the next tokens of a sequence from texts that began alike.
@NullMarked
package dev.burnish.engine.draft;

import org.jspecify.annotations.NullMarked;
