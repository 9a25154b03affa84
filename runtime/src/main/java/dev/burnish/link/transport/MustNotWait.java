package dev.burnish.link.transport;

/// A thread on which all others of its process depend, such as that of the clock.
public interface MustNotWait {}
