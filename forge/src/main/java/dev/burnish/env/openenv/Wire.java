package dev.burnish.env.openenv;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// One session of a server. One thread at a time.
interface Wire extends AutoCloseable {
  /// The answer's data to a message.
  ///
  /// @param type `reset` or `step`
  /// @throws OpenEnvException if the server refuses it or gives no answer
  JsonNode ask(String type, ObjectNode data);

  @Override
  void close();
}
