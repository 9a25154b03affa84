/// Generators that are servers of other engines, reached over HTTP.
@NullMarked
package dev.burnish.engine.http;

import org.jspecify.annotations.NullMarked;
