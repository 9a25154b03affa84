package dev.burnish.agent;

import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Passes on what another environment says, and records it. One thread.
final class RecordedEnvironment implements Environment {
  private final Environment environment;
  private final List<Step> steps = new ArrayList<>();
  private Optional<Observation> opening = Optional.empty();
  private Optional<Double> truncated = Optional.empty();

  RecordedEnvironment(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Observation reset(long seed) {
    Observation said = environment.reset(seed);
    opening = Optional.of(said);
    return said;
  }

  @Override
  public Step step(Action action) {
    Step said = environment.step(action);
    steps.add(said);
    return said;
  }

  @Override
  public double truncated() {
    double reward = environment.truncated();
    truncated = Optional.of(reward);
    return reward;
  }

  /// The recording so far, after an answer.
  ///
  /// @param index of the episode in its group
  Recording recording(int index) {
    return new Recording(index, opening.orElseThrow(), steps, truncated, environment.measures());
  }
}
