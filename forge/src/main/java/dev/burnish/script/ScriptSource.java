package dev.burnish.script;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.NestingKind;
import javax.tools.Diagnostic;
import javax.tools.SimpleJavaFileObject;
import org.jspecify.annotations.Nullable;

/// The text of a script as the compiler is to see it: any name of a file will do, as for `java
/// FILE`, a public class may have another name than the file, and a byte order mark or a first line
/// `#!` is no part of the program.
final class ScriptSource extends SimpleJavaFileObject {
  private final Path file;
  private final String text;
  private final String name;

  private ScriptSource(Path file, String text, String name) {
    super(URI.create("script:///" + name + Kind.SOURCE.extension), Kind.SOURCE);
    this.file = file;
    this.text = text;
    this.name = name;
  }

  /// @throws IllegalArgumentException if it is not UTF-8
  static ScriptSource read(Path file) throws IOException {
    return new ScriptSource(file, text(file), className(file));
  }

  private static String text(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      String bare = text.startsWith("\uFEFF") ? text.substring(1) : text;
      return bare.startsWith("#!") ? "//" + bare : bare;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "a script is UTF-8: file=%s, line=%d is not; save it as UTF-8"
              .formatted(file, badLine(bytes)),
          e);
    }
  }

  private static int badLine(byte[] bytes) {
    String decoded = new String(bytes, UTF_8);
    return (int) decoded.substring(0, decoded.indexOf('\uFFFD')).lines().count();
  }

  /// The class of a compact source file has the name of its file, which must be a Java name:
  /// characters that cannot stand in it become `_`.
  static String className(Path file) {
    String stem = file.getFileName().toString().replaceFirst("\\.java$", "");
    StringBuilder name = new StringBuilder();
    stem.codePoints()
        .map(
            c -> Character.isJavaIdentifierPart(c) && !Character.isIdentifierIgnorable(c) ? c : '_')
        .forEach(name::appendCodePoint);
    boolean begins = !name.isEmpty() && Character.isJavaIdentifierStart(name.codePointAt(0));
    return begins && SourceVersion.isName(name) && !RESERVED.contains(name.toString())
        ? name.toString()
        : "_" + name + "_";
  }

  /// Names that a class cannot have although they are not keywords everywhere.
  private static final List<String> RESERVED =
      List.of("var", "yield", "record", "sealed", "permits", "when");

  Path file() {
    return file;
  }

  /// The classes, the one that runs before all others.
  Map<String, byte[]> mainFirst(List<String> declared, Map<String, byte[]> classes) {
    String main =
        classes.containsKey(name)
            ? name
            : declared.stream()
                .filter(classes::containsKey)
                .filter(type -> hasMain(classes.get(type)))
                .findFirst()
                .orElseGet(() -> declared.isEmpty() ? "" : declared.getFirst());
    Map<String, byte[]> ordered = new LinkedHashMap<>();
    if (classes.containsKey(main)) {
      ordered.put(main, classes.get(main));
    }
    ordered.putAll(classes);
    return ordered;
  }

  private static boolean hasMain(byte @Nullable [] bytes) {
    return bytes != null
        && java.lang.classfile.ClassFile.of().parse(bytes).methods().stream()
            .anyMatch(method -> method.methodName().equalsString("main"));
  }

  /// An error as `file:line: message`, with the line and a mark below it.
  String describe(Diagnostic<?> error) {
    String message = error.getMessage(Locale.ROOT);
    if (error.getLineNumber() == Diagnostic.NOPOS) {
      return "%s: %s".formatted(file, message);
    }
    List<String> lines = text.lines().toList();
    int index = (int) error.getLineNumber() - 1;
    String line = index < lines.size() ? lines.get(index) : "";
    int column = Math.clamp(error.getColumnNumber() - 1, 0, line.length());
    String indent = line.substring(0, column).replaceAll("[^\\t]", " ");
    return "%s:%d: %s%n  %s%n  %s^".formatted(file, index + 1, message, line, indent);
  }

  @Override
  public CharSequence getCharContent(boolean ignoreEncodingErrors) {
    return text;
  }

  @Override
  public boolean isNameCompatible(String simpleName, Kind kind) {
    return kind == Kind.SOURCE;
  }

  @Override
  public @Nullable NestingKind getNestingKind() {
    return null;
  }

  @Override
  public @Nullable Modifier getAccessLevel() {
    return null;
  }
}
