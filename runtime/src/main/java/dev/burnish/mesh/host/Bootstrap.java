package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.bulk.BulkSettings;
import dev.burnish.link.transport.HostChannel.Protection;
import dev.burnish.link.transport.JobKeys;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.trace.TraceSettings;
import dev.burnish.trace.TraceSettings.Exporter;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The data that a process receives when it starts.
///
/// @param folder of the sockets of its host
/// @param bind the address to listen at for other hosts; empty for none
/// @param controller of the job
public record Bootstrap(
    String process,
    String host,
    String folder,
    byte[] token,
    Optional<JobKeys> keys,
    String bind,
    ActorRef agent,
    ProcessAddress controller,
    Times times,
    Limits limits,
    Bulk bulk,
    Traced traced) {
  private static final Codec CODEC = new Codecs(List.of(), Limits.defaults()).of(Bootstrap.class);

  /// Settings in milliseconds.
  public record Times(
      long timeout, long stopping, long heartbeat, long heartbeatTimeout, long handshakeTimeout) {
    /// From settings.
    public static Times of(ActorSystemSettings settings) {
      LinkSettings link = settings.link();
      return new Times(
          settings.timeout().toMillis(),
          settings.stopping().toMillis(),
          link.heartbeat().toMillis(),
          link.heartbeatTimeout().toMillis(),
          link.handshakeTimeout().toMillis());
    }
  }

  /// How other hosts read regions.
  ///
  /// @param patience in milliseconds
  public record Bulk(Protection protection, int numConnections, int numAhead, long patience) {
    /// From settings.
    public static Bulk of(BulkSettings settings) {
      return new Bulk(
          settings.protection(),
          settings.numConnections(),
          settings.numAhead(),
          settings.patience().toMillis());
    }

    BulkSettings settings() {
      return new BulkSettings(protection, numConnections, numAhead, Duration.ofMillis(patience));
    }
  }

  /// Which calls are traced, and where the spans go.
  public record Traced(Exporter exporter, String folder, String endpoint, double share) {
    /// From settings.
    public static Traced of(TraceSettings settings) {
      return new Traced(
          settings.exporter(),
          settings.folder().toAbsolutePath().toString(),
          settings.endpoint(),
          settings.share());
    }

    TraceSettings settings() {
      return new TraceSettings(exporter, Path.of(folder), endpoint, share);
    }
  }

  ActorSystemSettings settings() {
    return new ActorSystemSettings(
        Duration.ofMillis(times.timeout()),
        Duration.ofMillis(times.stopping()),
        new LinkSettings(
            limits,
            Duration.ofMillis(times.heartbeat()),
            Duration.ofMillis(times.heartbeatTimeout()),
            Duration.ofMillis(times.handshakeTimeout()),
            bulk.settings()));
  }

  Bootstrap named(String name) {
    return new Bootstrap(
        name, host, folder, token, keys, bind, agent, controller, times, limits, bulk, traced);
  }

  /// The same for the processes of another host.
  Bootstrap at(String otherFolder, String otherBind, ActorRef otherAgent) {
    return new Bootstrap(
        process,
        host,
        otherFolder,
        token,
        keys,
        otherBind,
        otherAgent,
        controller,
        times,
        limits,
        bulk,
        traced);
  }

  /// The same for another host.
  public Bootstrap on(String otherHost) {
    return new Bootstrap(
        "host/" + otherHost,
        otherHost,
        folder,
        token,
        keys,
        bind,
        agent,
        controller,
        times,
        limits,
        bulk,
        traced);
  }

  byte[] encode() {
    return CODEC.encode(List.of(this), Session.NONE);
  }

  static Bootstrap decode(byte[] bytes) {
    return (Bootstrap) CODEC.decode(bytes, Session.NONE).getFirst();
  }
}
