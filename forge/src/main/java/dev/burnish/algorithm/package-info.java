/// Policy losses on log-probabilities of target tokens: a surrogate, an importance correction, a KL
/// penalty and a way of averaging, each chosen by name. Plain arrays in double precision, analytic
/// gradients, no tensors.
@NullMarked
package dev.burnish.algorithm;

import org.jspecify.annotations.NullMarked;
