package dev.burnish.wire;

/// How values of one declared type travel that stay where they are: a record that names the value
/// goes instead.
///
/// @param <H> the type that the user passes
/// @param <R> the type that travels
public interface Handle<H, R extends Record> {
  /// The type that travels.
  Class<R> form();

  /// The form that names the value to the other side of the session.
  R export(H value, Session session);

  /// The object with which the other side works.
  H restore(R form, Session session);
}
