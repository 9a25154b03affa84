/// The parts of a run in processes of their own: trainer, generators, weights and replay buffer,
/// joined by one loop in the controller.
@NullMarked
package dev.burnish.controller;

import org.jspecify.annotations.NullMarked;
