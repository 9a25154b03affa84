/// Threads with an owner, and the settings that a process must have before it computes.
@NullMarked
package dev.burnish.concurrent;

import org.jspecify.annotations.NullMarked;
