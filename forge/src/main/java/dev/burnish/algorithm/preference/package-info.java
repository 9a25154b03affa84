/// Losses on pairs of a preferred and a rejected response: DPO and its family, reward models.
@NullMarked
package dev.burnish.algorithm.preference;

import org.jspecify.annotations.NullMarked;
