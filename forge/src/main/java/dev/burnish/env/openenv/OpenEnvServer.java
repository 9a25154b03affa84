package dev.burnish.env.openenv;

import dev.burnish.rollout.Environment;
import java.util.ServiceLoader;
import java.util.function.Supplier;

/// Serves environments to clients of OpenEnv. Found as a service of the JDK, as
/// [dev.burnish.rollout.Environment]s are played without an HTTP server.
///
/// ```java
/// try (var serving = OpenEnvServer.serve("127.0.0.1", 8000, Guess::new)) { ... }
/// ```
public interface OpenEnvServer {
  /// A server that listens.
  interface Running extends AutoCloseable {
    int port();

    /// Ends all sessions.
    @Override
    void close();
  }

  /// Where environments are served.
  ///
  /// @param port 0 for a free one
  /// @param sessions at a time; one more is told that the server is full
  record Settings(String host, int port, int sessions) {
    public Settings {
      if (port < 0 || port > 65_535 || sessions < 1) {
        throw new IllegalArgumentException(
            "a server must have a port and a session: port=%d sessions=%d"
                .formatted(port, sessions));
      }
    }
  }

  /// Starts to listen.
  ///
  /// @param environments makes one per session and reset
  /// @throws IllegalArgumentException if the port is taken
  Running start(Settings settings, Supplier<Environment> environments);

  /// Serves environments, a thousand at a time.
  ///
  /// @throws IllegalStateException if there is no HTTP server on the class path
  static Running serve(String host, int port, Supplier<Environment> environments) {
    return ServiceLoader.load(OpenEnvServer.class)
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "environments are served by an HTTP server: dev.burnish.serve is not on the class path; start the script by ./burnish run"))
        .start(new Settings(host, port, 1000), environments);
  }
}
