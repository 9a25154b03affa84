package dev.burnish.controller.worker;

import dev.burnish.actor.Factory;
import dev.burnish.engine.Extensions;

/// Makes a generator of a loop, in its process. A script gives one whose generators have parts of
/// its own: a lambda or a method reference that captures nothing, or values that travel, as of any
/// actor. Its classes are sent along.
///
/// ```java
/// run.generators(material ->
///     new GeneratorWorker(material, Extensions.none().withProcessors(List.of(new NoRepeats()))));
/// ```
@FunctionalInterface
public interface GeneratorFactory extends Factory.Of1<GeneratorActor, GeneratorWorker.Material> {
  /// Generators without parts of a script.
  static GeneratorFactory plain() {
    return GeneratorFactory::plain;
  }

  private static GeneratorActor plain(GeneratorWorker.Material material) {
    return new GeneratorWorker(material, Extensions.none());
  }
}
