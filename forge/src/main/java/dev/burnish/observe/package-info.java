/// The output of a run while it lasts and afterwards: its folder, report, picture and progress.
@NullMarked
package dev.burnish.observe;

import org.jspecify.annotations.NullMarked;
