/// What a run leaves behind and shows while it lasts: its folder, report, picture and progress.
@NullMarked
package dev.burnish.observe;

import org.jspecify.annotations.NullMarked;
