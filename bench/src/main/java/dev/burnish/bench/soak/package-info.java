/// A long run of everything that distributes work, in which nothing may grow.
@NullMarked
package dev.burnish.bench.soak;

import org.jspecify.annotations.NullMarked;
