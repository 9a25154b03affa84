/// From rewards to advantages: group baselines, returns, critics, whitening, length penalties.
@NullMarked
package dev.burnish.algorithm.advantage;

import org.jspecify.annotations.NullMarked;
