package dev.burnish.observe;

import java.io.Serial;
import java.nio.file.Path;

/// The folder of a run is that of another run, which is still writing to it.
public final class FolderInUse extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  FolderInUse(Path folder, String process) {
    super(
        "another run writes to this folder: folder=%s, process=%s; wait for it or choose another folder"
            .formatted(folder, process));
  }
}
