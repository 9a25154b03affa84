package dev.burnish.script;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// Compiles one source file into memory.
final class ScriptCompiler {
  private ScriptCompiler() {}

  /// The classes by name, those of the file's order of declaration first.
  ///
  /// @throws IllegalArgumentException if it does not compile; the errors are on standard error
  static Map<String, byte[]> compile(Path file) throws IOException {
    JavaCompiler compiler =
        Optional.ofNullable(ToolProvider.getSystemJavaCompiler())
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "scripts need a JDK: java.home=%s is only a JRE; set JAVA_HOME to a JDK"
                        .formatted(System.getProperty("java.home"))));
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    try (StandardJavaFileManager standard =
            compiler.getStandardFileManager(diagnostics, null, null);
        InMemory files = new InMemory(standard)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-parameters",
              "-g",
              "--add-modules=jdk.incubator.vector",
              "-cp",
              System.getProperty("java.class.path"));
      boolean compiled =
          compiler
              .getTask(null, files, diagnostics, options, null, List.of(source(standard, file)))
              .call();
      if (!compiled) {
        throw refused(file, diagnostics.getDiagnostics());
      }
      return files.classes();
    }
  }

  /// The source without a byte order mark, which the compiler would not take.
  private static JavaFileObject source(StandardJavaFileManager standard, Path file) {
    JavaFileObject source = standard.getJavaFileObjects(file).iterator().next();
    return new ForwardingJavaFileObject<>(source) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) throws IOException {
        CharSequence text = super.getCharContent(ignoreEncodingErrors);
        return !text.isEmpty() && text.charAt(0) == '\uFEFF'
            ? text.subSequence(1, text.length())
            : text;
      }
    };
  }

  private static IllegalArgumentException refused(
      Path file, List<Diagnostic<? extends JavaFileObject>> diagnostics) {
    List<Diagnostic<? extends JavaFileObject>> errors =
        diagnostics.stream().filter(d -> d.getKind() == Diagnostic.Kind.ERROR).toList();
    errors.forEach(System.err::println);
    return new IllegalArgumentException(
        "the script does not compile: file=%s, errors=%d; see above"
            .formatted(file, errors.size()));
  }

  private static final class InMemory extends ForwardingJavaFileManager<StandardJavaFileManager> {
    private final Map<String, ByteArrayOutputStream> outputs = new LinkedHashMap<>();

    InMemory(StandardJavaFileManager standard) {
      super(standard);
    }

    Map<String, byte[]> classes() {
      Map<String, byte[]> classes = new LinkedHashMap<>();
      outputs.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
      return classes;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        JavaFileManager.Location location,
        String name,
        JavaFileObject.Kind kind,
        FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + name.replace('.', '/')), kind) {
        @Override
        public OutputStream openOutputStream() {
          return outputs.computeIfAbsent(name, n -> new ByteArrayOutputStream());
        }
      };
    }
  }
}
