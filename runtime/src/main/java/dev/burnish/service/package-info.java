/// Replicated actors that recover: routing, sessions, health, restarts, scaling.
@NullMarked
package dev.burnish.service;

import org.jspecify.annotations.NullMarked;
