/// Replicated actors that heal: routing, sessions, health, restarts, scaling.
@NullMarked
package dev.burnish.service;

import org.jspecify.annotations.NullMarked;
