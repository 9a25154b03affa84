package dev.burnish.script;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// Compiles one source file into memory.
final class ScriptCompiler {
  private ScriptCompiler() {}

  /// The classes by name; the first is the one that runs: the one with the file's name, which a
  /// compact source file always has, else the first that is declared with a main method, else the
  /// first.
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
    ScriptSource source = ScriptSource.read(file);
    try (StandardJavaFileManager standard =
            compiler.getStandardFileManager(diagnostics, Locale.ROOT, UTF_8);
        InMemory files = new InMemory(standard)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-parameters",
              "-g",
              "--add-modules=jdk.incubator.vector",
              "-cp",
              System.getProperty("java.class.path"));
      JavacTask task =
          (JavacTask) compiler.getTask(null, files, diagnostics, options, null, List.of(source));
      List<String> declared = declared(task.parse());
      task.generate();
      refuse(source, diagnostics.getDiagnostics());
      return source.mainFirst(declared, files.classes());
    }
  }

  /// Top-level classes by their full names, in the order of the file.
  private static List<String> declared(Iterable<? extends CompilationUnitTree> units) {
    List<String> names = new ArrayList<>();
    for (CompilationUnitTree unit : units) {
      String of = unit.getPackageName() == null ? "" : unit.getPackageName() + ".";
      for (Tree type : unit.getTypeDecls()) {
        if (type instanceof ClassTree declaration) {
          names.add(of + declaration.getSimpleName());
        }
      }
    }
    return names;
  }

  private static void refuse(
      ScriptSource source, List<Diagnostic<? extends JavaFileObject>> diagnostics) {
    List<Diagnostic<? extends JavaFileObject>> errors =
        diagnostics.stream().filter(d -> d.getKind() == Diagnostic.Kind.ERROR).toList();
    if (!errors.isEmpty()) {
      errors.forEach(error -> System.err.println(source.describe(error)));
      throw new IllegalArgumentException(
          "the script does not compile: file=%s, errors=%d; see above"
              .formatted(source.file(), errors.size()));
    }
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
