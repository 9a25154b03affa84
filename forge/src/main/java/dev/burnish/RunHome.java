package dev.burnish;

import dev.burnish.controller.LoopHome;
import dev.burnish.mesh.HostMesh;
import dev.burnish.metrics.Recordable;
import dev.burnish.model.LanguageModel;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// A run as the loop in it sees it.
///
/// @param steps that are completed
/// @param first finds the model that the run began with
record RunHome(Run<?> run, LongSupplier steps, Supplier<LanguageModel> first) implements LoopHome {
  @Override
  public Path folder() {
    return run.folder();
  }

  @Override
  public HostMesh hosts() {
    return run.hosts();
  }

  @Override
  public HostMesh here() {
    return run.here();
  }

  @Override
  public long completed() {
    return steps.getAsLong();
  }

  @Override
  public void say(String text) {
    run.say(text);
  }

  @Override
  public LanguageModel reference() {
    return first.get();
  }

  @Override
  public void record(Recordable report) {
    run.record(report);
  }
}
