/// How values and frames look between processes: a codec of declared types, sealed frames, limits.
@NullMarked
package dev.burnish.wire;

import org.jspecify.annotations.NullMarked;
