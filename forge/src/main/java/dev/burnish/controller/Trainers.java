package dev.burnish.controller;

import dev.burnish.train.Trainer;
import java.util.Optional;

/// The trainers of a loop.
public record Trainers(Trainer policy, Optional<Trainer> critic) {}
