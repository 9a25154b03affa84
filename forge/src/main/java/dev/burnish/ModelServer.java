package dev.burnish;

import dev.burnish.engine.EngineSettings;
import java.util.List;
import java.util.Optional;

/// Serves a model over HTTP. Found as a service of the JDK: the module `serve` has the one that
/// there is, and only `burnish serve` has that module on its class path, so that no other process
/// starts with an HTTP server's libraries.
public interface ModelServer {
  /// Where and to whom a model is served.
  ///
  /// @param name under which clients ask for the model; by default that of its folder or file
  /// @param host address to listen at
  /// @param port 0 for a free one
  /// @param apiKeys one of which each request must carry; none: no key is needed, and the server
  ///   must not listen where other machines reach it
  /// @param engine settings of the engine that generates
  record Settings(
      Optional<String> name, String host, int port, List<String> apiKeys, EngineSettings engine) {
    public Settings {
      apiKeys = List.copyOf(apiKeys);
      if (port < 0 || port > 65_535) {
        throw new IllegalArgumentException(
            "--port must be from 0 to 65535: value=%d; 0 takes a free one".formatted(port));
      }
    }
  }

  /// A server that listens.
  interface Running extends AutoCloseable {
    /// The name under which clients ask for the model.
    String name();

    int port();

    /// Refuses new requests, lets the running ones end for a while, and frees everything.
    @Override
    void close();
  }

  /// Starts to serve a model.
  ///
  /// @param model to be open until the server is closed
  /// @throws IllegalArgumentException if the settings are wrong, or the port is taken
  Running start(Pretrained model, Settings settings);
}
