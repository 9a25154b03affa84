package dev.burnish.controller;

import dev.burnish.mesh.HostMesh;
import dev.burnish.metrics.Recordable;
import java.nio.file.Path;

/// The run that a loop belongs to.
public interface LoopHome {
  /// Its folder.
  Path folder();

  /// Where its processes are started.
  HostMesh hosts();

  /// Steps that are completed.
  long completed();

  /// Shows a line to the user.
  void say(String text);

  /// Records numbers of the present step.
  void record(Recordable report);
}
