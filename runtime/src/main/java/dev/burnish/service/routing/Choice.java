package dev.burnish.service.routing;

/// Where a call goes, as things are.
sealed interface Choice<X> {
  /// A slot that is free.
  record Take<X>(Lane<X> lane) implements Choice<X> {}

  /// The replica that the call waits for.
  record WaitFor<X>(Lane<X> lane) implements Choice<X> {}

  /// The call waits for any.
  record WaitForAny<X>() implements Choice<X> {}
}
