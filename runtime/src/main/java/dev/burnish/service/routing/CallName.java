package dev.burnish.service.routing;

/// The name of a call, for messages: formatted only where a message is written.
public record CallName(String service, String endpoint) {
  /// Such as `policy.generate`.
  @Override
  public String toString() {
    return service + "." + endpoint;
  }
}
