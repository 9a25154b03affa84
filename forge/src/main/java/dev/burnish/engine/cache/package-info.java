/// The blocks of a cache of keys and values: which sequence holds which, and which may be reused.
@NullMarked
package dev.burnish.engine.cache;

import org.jspecify.annotations.NullMarked;
