package dev.burnish.service.routing;

/// Which call, for messages: put together only where one is written.
public record CallName(String service, String endpoint) {
  /// Such as `policy.generate`.
  @Override
  public String toString() {
    return service + "." + endpoint;
  }
}
