package dev.burnish.actor;

import dev.burnish.concurrent.Invocation;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Session;
import java.lang.invoke.MethodHandleInfo;
import java.lang.invoke.MethodType;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// How an actor is made, in a form that travels: a constructor or static method by name, and its
/// encoded arguments.
///
/// @param type the class that declares it
/// @param method its name; `<init>` for a constructor
/// @param descriptor of its parameters, as in class files
public record Construction(String type, String method, String descriptor, byte[] arguments) {
  private static final String CONSTRUCTOR = "<init>";

  /// Inspects a factory and encodes its arguments.
  ///
  /// @throws IllegalArgumentException if it captures `this`, or an argument does not travel
  static Recipe of(Factory factory, List<?> arguments, ClassLoader loader, Codecs codecs) {
    SerializedLambda lambda = look(factory);
    String name = lambda.getImplMethodName();
    int kind = lambda.getImplMethodKind();
    if (kind != MethodHandleInfo.REF_newInvokeSpecial
        && kind != MethodHandleInfo.REF_invokeStatic) {
      throw new IllegalArgumentException(
          "an actor is made by a constructor, a static method or a lambda without 'this': factory=%s.%s; write such as CounterActor::new, and declare its class static if it is within another, as all classes of a script are"
              .formatted(lambda.getImplClass().replace('/', '.'), name));
    }
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
      all.add(lambda.getCapturedArg(i));
    }
    all.addAll(arguments);
    String type = lambda.getImplClass().replace('/', '.');
    Executable executable = find(type, name, lambda.getImplMethodSignature(), loader);
    Codec codec = codecs.parameters(type + "." + name, executable.getParameters());
    return new Recipe(type, name, lambda.getImplMethodSignature(), codec, all);
  }

  /// A construction whose arguments are not encoded yet.
  record Recipe(
      String type, String method, String descriptor, Codec codec, List<Object> arguments) {
    Construction encode(Session session) {
      return new Construction(type, method, descriptor, codec.encode(arguments, session));
    }
  }

  /// Makes the actor.
  ///
  /// @throws Exception the exception of the constructor
  Object make(ClassLoader loader, Codecs codecs, Session session) throws Exception {
    Executable executable = find(type, method, descriptor, loader);
    List<Object> values =
        codecs
            .parameters(type + "." + method, executable.getParameters())
            .decode(arguments, session);
    executable.setAccessible(true);
    try {
      return Collections.singletonList(new Invocation(executable).call(values.toArray()))
          .getFirst();
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new InvocationTargetException(t);
    }
  }

  private static Executable find(
      String type, String method, String descriptor, ClassLoader loader) {
    try {
      Class<?> owner = Class.forName(type, false, loader);
      Class<?>[] parameters =
          MethodType.fromMethodDescriptorString(descriptor, loader).parameterArray();
      return method.equals(CONSTRUCTOR)
          ? owner.getDeclaredConstructor(parameters)
          : owner.getDeclaredMethod(method, parameters);
    } catch (ReflectiveOperationException | TypeNotPresentException e) {
      throw new IllegalArgumentException(
          "the class of an actor is on the class path of its process: class=%s method=%s%s (%s)"
              .formatted(type, method, descriptor, e),
          e);
    }
  }

  private static SerializedLambda look(Factory factory) {
    try {
      Method replace = factory.getClass().getDeclaredMethod("writeReplace");
      replace.setAccessible(true);
      if (replace.invoke(factory) instanceof SerializedLambda lambda) {
        return lambda;
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "an actor is made by a method reference or a lambda: factory=%s; write such as CounterActor::new"
              .formatted(factory.getClass().getName()),
          e);
    }
    throw new IllegalArgumentException(
        "an actor is made by a method reference or a lambda: factory=" + factory.getClass());
  }
}
