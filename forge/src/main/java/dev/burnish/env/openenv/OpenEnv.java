package dev.burnish.env.openenv;

import dev.burnish.rollout.Environment;
import java.net.URI;
import java.time.Duration;

/// Environments of a server that speaks OpenEnv's protocol. Each has a connection of its own, which
/// is one session of the server.
///
/// ```java
/// var echo = OpenEnv.at("http://127.0.0.1:8000").with(Translation.fields("message", "echoed_message"));
/// play.play(problem, echo::make, policy, sampling, Advantages::grpo);
/// ```
///
/// Source: openenv.core of huggingface/OpenEnv@385de5e.
///
/// @param server its address
/// @param patience for one answer, and for a place at a server that has none free
public record OpenEnv(URI server, Transport transport, Translation translation, Duration patience) {
  /// How messages travel.
  public enum Transport {
    /// `/ws`, a session per connection.
    WEB_SOCKET {
      @Override
      Wire open(URI server, Duration patience) {
        return SocketWire.open(server, patience);
      }
    },
    /// `/reset` and `/step` of early servers, which have one session for all.
    HTTP {
      @Override
      Wire open(URI server, Duration patience) {
        return new HttpWire(server, patience);
      }
    };

    abstract Wire open(URI server, Duration patience);
  }

  public OpenEnv {
    if (!patience.isPositive()) {
      throw new IllegalArgumentException("an answer must have time: patience=" + patience);
    }
  }

  /// Environments of a server, over web sockets, with JSON for words and a minute of patience.
  public static OpenEnv at(String server) {
    return new OpenEnv(
        URI.create(server), Transport.WEB_SOCKET, Translation.json(), Duration.ofMinutes(1));
  }

  public OpenEnv with(Translation newTranslation) {
    return new OpenEnv(server, transport, newTranslation, patience);
  }

  public OpenEnv with(Transport newTransport) {
    return new OpenEnv(server, newTransport, translation, patience);
  }

  public OpenEnv within(Duration newPatience) {
    return new OpenEnv(server, transport, translation, newPatience);
  }

  /// An environment, which connects when it is reset.
  public Environment make() {
    return new RemoteEnvironment(this);
  }
}
