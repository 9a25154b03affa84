/// Generation: sampling parameters, completions, and the engine that makes them.
@NullMarked
package dev.burnish.generate;

import org.jspecify.annotations.NullMarked;
