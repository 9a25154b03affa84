package dev.burnish.train;

import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;

/// Tokens that go through the model together, and the tokens among them to be predicted.
public record MicroBatch(TokenForest forest, Targets targets) {}
