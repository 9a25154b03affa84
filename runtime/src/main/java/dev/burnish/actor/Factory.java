package dev.burnish.actor;

import java.io.Serializable;

/// How an actor is constructed, such as `CounterActor::new`: the reference of a constructor or of a
/// static method, or a lambda that captures nothing, or only values that travel. It runs in the
/// process of the actor. Serializable only so that it can be inspected: it is never serialized.
public sealed interface Factory extends Serializable
    permits Factory.Of0, Factory.Of1, Factory.Of2, Factory.Of3, Factory.Of4 {
  /// Without arguments.
  @FunctionalInterface
  non-sealed interface Of0<T> extends Factory {
    /// Makes the actor.
    T make() throws Exception;
  }

  /// Of one argument.
  @FunctionalInterface
  non-sealed interface Of1<T, A> extends Factory {
    /// Makes the actor.
    T make(A a) throws Exception;
  }

  /// Of two arguments.
  @FunctionalInterface
  non-sealed interface Of2<T, A, B> extends Factory {
    /// Makes the actor.
    T make(A a, B b) throws Exception;
  }

  /// Of three arguments.
  @FunctionalInterface
  non-sealed interface Of3<T, A, B, C> extends Factory {
    /// Makes the actor.
    T make(A a, B b, C c) throws Exception;
  }

  /// Of four arguments.
  @FunctionalInterface
  non-sealed interface Of4<T, A, B, C, D> extends Factory {
    /// Makes the actor.
    T make(A a, B b, C c, D d) throws Exception;
  }
}
