/// Tests of comparisons with recorded values.
@NullMarked
package dev.burnish.verify;

import org.jspecify.annotations.NullMarked;
