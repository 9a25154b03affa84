package dev.burnish.actor;

import dev.burnish.wire.HandleKind;
import java.util.function.Supplier;

/// Brings a kind of handle into every process of a job. Found by `ServiceLoader`.
public interface HandleProvider {
  /// The kind, for a process.
  ///
  /// @param here the process, which exists when a value is first encoded or decoded
  HandleKind of(Supplier<ActorSystem> here);
}
