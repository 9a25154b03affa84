/// Tests of run folders, reports and progress.
@NullMarked
package dev.burnish.observe;

import org.jspecify.annotations.NullMarked;
