package dev.burnish.controller.worker;

import dev.burnish.actor.Concurrent;
import dev.burnish.engine.GeneratorActivity;
import dev.burnish.rollout.Generator;

/// A generator in a process of its own.
public interface GeneratorActor extends Generator {
  /// The work done since the last call of this method.
  @Concurrent
  GeneratorActivity activity();
}
