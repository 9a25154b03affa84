package dev.burnish.wire;

/// The connection that a value is encoded for or decoded from. The meaning of handles depends on
/// it; only the kinds of handles look inside.
public interface Session {
  /// The session for values without handles.
  Session NONE = new Session() {};
}
