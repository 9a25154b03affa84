package dev.burnish.mcp;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How a server is started.
///
/// @param command program and arguments
/// @param environment variables that it gets in addition to the harmless ones (`PATH`, `HOME`,
///   `LANG` and so on): it does not see the others of this process
public record ServerCommand(List<String> command, Map<String, String> environment) {
  public ServerCommand {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    if (command.isEmpty()) {
      throw new IllegalArgumentException("a server must have a command: command=[]");
    }
  }

  /// A command without further variables.
  public static ServerCommand of(String... command) {
    return new ServerCommand(List.of(command), Map.of());
  }

  /// This with a variable.
  public ServerCommand with(String variable, String value) {
    Map<String, String> more = new HashMap<>(environment);
    more.put(variable, value);
    return new ServerCommand(command, more);
  }

  String name() {
    return command.getFirst();
  }
}
