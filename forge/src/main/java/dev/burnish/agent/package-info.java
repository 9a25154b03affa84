/// Episodes of several turns: a policy that plays environments, over the token ids that it read and
/// sampled.
@NullMarked
package dev.burnish.agent;

import org.jspecify.annotations.NullMarked;
