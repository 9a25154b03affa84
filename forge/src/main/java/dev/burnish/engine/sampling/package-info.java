/// How a token is drawn from logits: rules, penalties, truncation, the draw, and its
/// log-probabilities.
@NullMarked
package dev.burnish.engine.sampling;

import org.jspecify.annotations.NullMarked;
