package dev.burnish.wire;

import java.lang.reflect.Type;
import java.util.Optional;

/// A family of declared types whose values travel as handles, such as streams or references.
public interface HandleKind {
  /// The handle of a declared type, or empty if the type is not of this kind.
  ///
  /// @throws IllegalArgumentException if it is of this kind, but for example its elements do not
  ///   travel
  Optional<Handle<?, ?>> bind(Type declared, Codecs codecs);
}
