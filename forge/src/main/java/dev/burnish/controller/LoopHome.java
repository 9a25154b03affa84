package dev.burnish.controller;

import dev.burnish.mesh.HostMesh;
import dev.burnish.metrics.Recordable;
import dev.burnish.model.LanguageModel;
import java.nio.file.Path;

/// The run that a loop belongs to.
public interface LoopHome {
  /// Its folder.
  Path folder();

  /// Where its generators are started.
  HostMesh hosts();

  /// The host of this process, on which all is started that shares memory with it.
  HostMesh here();

  /// Steps that are completed.
  long completed();

  /// Shows a line to the user.
  void say(String text);

  /// The model that the run began with, frozen, also in one that was resumed; see
  /// [dev.burnish.Run#reference].
  LanguageModel reference();

  /// Records numbers of the present step.
  void record(Recordable report);
}
