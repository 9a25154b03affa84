/// The actors that compute for a loop, each in a process of its own, and what they are made from.
@NullMarked
package dev.burnish.controller.worker;

import org.jspecify.annotations.NullMarked;
