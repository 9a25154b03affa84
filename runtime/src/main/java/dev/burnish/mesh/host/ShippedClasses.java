package dev.burnish.mesh.host;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.function.Function;

/// Loads classes that this process's class path lacks from the controller, over the job's own
/// connections.
final class ShippedClasses extends ClassLoader {
  private final Function<String, byte[]> source;

  /// @param source of the bytes of a class; empty for one that it does not have
  ShippedClasses(ClassLoader parent, Function<String, byte[]> source) {
    super("shipped", parent);
    this.source = source;
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = source.apply(name);
    if (bytes.length == 0) {
      throw new ClassNotFoundException(name);
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  /// The bytes of a class that a loader has; empty if it has none.
  static byte[] bytes(ClassLoader loader, String name) {
    try (InputStream in = loader.getResourceAsStream(name.replace('.', '/') + ".class")) {
      return in == null ? new byte[0] : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the class " + name, e);
    }
  }
}
