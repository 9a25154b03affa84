package dev.burnish.wire;

/// How values of one declared type travel that stay where they are: a record that names the value
/// goes instead.
///
/// @param <H> what the user passes
/// @param <R> what travels
public interface Handle<H, R extends Record> {
  /// The type that travels.
  Class<R> form();

  /// What names the value to the other side of the session.
  R export(H value, Session session);

  /// What the other side works with.
  H restore(R form, Session session);
}
