package dev.burnish.link.transport;

/// The address of a process.
///
/// @param process its name, unique in the job
/// @param host the name of its host; processes of one host share a file system and memory
/// @param socket the path of its Unix domain socket; empty if it has none
/// @param tcp `address:port` of its TLS listener; empty if it has none
public record ProcessAddress(String process, String host, String socket, String tcp) {
  @Override
  public String toString() {
    return process + "@" + host;
  }
}
