package dev.burnish.mesh.host;

import dev.burnish.actor.ActorSystem;
import dev.burnish.launch.Exit;
import dev.burnish.launch.ProcessStarter;
import dev.burnish.launch.Resources;
import dev.burnish.link.transport.MemoryNetwork;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Starts processes that are only threads of this one, for debugging. Values are copied as between
/// real ones.
public final class InProcessStarter implements ProcessStarter {
  private final MemoryNetwork network;
  private final ClassLoader loader;

  /// Processes of a network, with classes of a loader.
  public InProcessStarter(MemoryNetwork network, ClassLoader loader) {
    this.network = network;
    this.loader = loader;
  }

  @Override
  public Running start(String name, Resources resources, byte[] bootstrap, Consumer<Exit> onExit) {
    Bootstrap told = Bootstrap.decode(bootstrap);
    ActorSystem system = Worker.join(network.join(name, told.host()), told, loader);
    return new Running() {
      @Override
      public long pid() {
        return ProcessHandle.current().pid();
      }

      @Override
      public List<String> log() {
        return List.of();
      }

      @Override
      public void end(Duration grace) {
        system.close();
        onExit.accept(new Exit(name, 0, Optional.empty(), List.of()));
      }
    };
  }
}
