package dev.burnish.script;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A Java source file that is compiled and run at once, as `java FILE` does, with the class path of
/// Burnish: a compact source file or one with classes.
public final class Script {
  private final Path file;
  private final Map<String, byte[]> classes;

  private Script(Path file, Map<String, byte[]> classes) {
    this.file = file;
    this.classes = classes;
  }

  /// Compiles a file, or takes its classes from an earlier compilation.
  ///
  /// @throws IllegalArgumentException if there is no such file or it does not compile; the messages
  ///   of the compiler are on standard error then
  public static Script compile(Path file) throws IOException {
    if (!file.toString().endsWith(".java") || !Files.isRegularFile(file)) {
      throw refused(file);
    }
    ScriptCache cache = ScriptCache.of(file);
    Optional<Map<String, byte[]>> known = cache.load();
    if (known.isPresent()) {
      return new Script(file, known.get());
    }
    Map<String, byte[]> classes = ScriptCompiler.compile(file);
    cache.save(classes);
    return new Script(file, classes);
  }

  private static IllegalArgumentException refused(Path file) {
    Path named = file.resolveSibling(file.getFileName() + ".java");
    String cure;
    if (Files.isDirectory(file)) {
      cure = "this is a folder; give a file in it";
    } else if (Files.exists(file)) {
      cure = "its name must end in .java; rename it to " + named;
    } else if (Files.isRegularFile(named)) {
      cure = "there is no such file; did you mean " + named + "?";
    } else {
      cure =
          "there is no such file%s; give an existing file that ends in .java"
              .formatted(file.isAbsolute() ? "" : " in " + Path.of("").toAbsolutePath());
    }
    return new IllegalArgumentException(
        "a script is a Java source file: file=%s; %s".formatted(file, cure));
  }

  /// Calls the script's `main` by the rules of `java`: `main(String[])` before `main()`, static or
  /// of a new instance, not private.
  ///
  /// @throws Exception thrown by the script
  public void run(List<String> arguments) throws Exception {
    ClassLoader loader = new Loader(classes);
    Thread.currentThread().setContextClassLoader(loader);
    Method main = mainMethod(loader);
    main.setAccessible(true);
    Object[] values =
        main.getParameterCount() == 0
            ? new Object[0]
            : new Object[] {arguments.toArray(String[]::new)};
    try {
      if (Modifier.isStatic(main.getModifiers())) {
        main.invoke(null, values);
      } else {
        main.invoke(instance(main.getDeclaringClass(), loader), values);
      }
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private Object instance(Class<?> declaring, ClassLoader loader) throws Exception {
    Class<?> type = loader.loadClass(mainClass());
    Constructor<?> constructor =
        (declaring.isAssignableFrom(type) ? type : declaring).getDeclaredConstructor();
    constructor.setAccessible(true);
    return constructor.newInstance();
  }

  private Method mainMethod(ClassLoader loader) throws ClassNotFoundException {
    Class<?> type = loader.loadClass(mainClass());
    return find(type, String[].class)
        .or(() -> find(type))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "a script needs a main method that is not private: file=%s; write void main(String... args)"
                    .formatted(file)));
  }

  private static Optional<Method> find(Class<?> type, Class<?>... parameters) {
    for (Class<?> c = type; c != null && c != Object.class; c = c.getSuperclass()) {
      try {
        Method method = c.getDeclaredMethod("main", parameters);
        boolean visible = !Modifier.isPrivate(method.getModifiers());
        return visible && method.getReturnType() == void.class
            ? Optional.of(method)
            : Optional.empty();
      } catch (NoSuchMethodException e) {
        // A superclass may have it.
      }
    }
    return Optional.empty();
  }

  private String mainClass() {
    return classes.keySet().iterator().next();
  }

  /// The script's classes, and their bytes for processes that work for it.
  private static final class Loader extends ClassLoader {
    private static final String SUFFIX = ".class";

    private final Map<String, byte[]> classes;

    Loader(Map<String, byte[]> classes) {
      super("script", Script.class.getClassLoader());
      this.classes = classes;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] bytes = classes.get(name);
      if (bytes == null) {
        throw new ClassNotFoundException(name);
      }
      return defineClass(name, bytes, 0, bytes.length);
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
      return name.endsWith(SUFFIX) && classes.containsKey(className(name))
          ? new ByteArrayInputStream(classes.get(className(name)))
          : super.getResourceAsStream(name);
    }

    private static String className(String resource) {
      return resource.substring(0, resource.length() - SUFFIX.length()).replace('/', '.');
    }
  }
}
