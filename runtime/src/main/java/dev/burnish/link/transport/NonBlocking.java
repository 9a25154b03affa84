package dev.burnish.link.transport;

/// Marks a thread that must not wait, since all others of its process depend on it, such as that of
/// the clock.
public interface NonBlocking {}
