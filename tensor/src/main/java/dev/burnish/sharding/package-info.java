/// How a tensor is divided among ranks, and what moves where from one division to another. Pure
/// arithmetic: nothing here holds data.
@NullMarked
package dev.burnish.sharding;

import org.jspecify.annotations.NullMarked;
