package dev.burnish.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptTest {
  private static final String NOTE = "System.setProperty(\"script.ran\", ";

  @TempDir private Path folder;

  @BeforeEach
  void useACacheOfItsOwn() {
    System.setProperty("burnish.home", folder.toString());
    System.clearProperty("script.ran");
  }

  @AfterEach
  void clear() {
    System.clearProperty("burnish.home");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "void main(String... args) { %s String.join(\"|\", args)); }",
        "\uFEFFvoid main(String... args) { %s String.join(\"|\", args)); }",
        "static void main(String[] args) { %s String.join(\"|\", args)); }",
        "record R(List<String> l) {} void main(String[] args) { %s String.join(\"|\", new R(List.of(args)).l())); }",
        "void main() { throw new AssertionError(); } void main(String[] args) { %s String.join(\"|\", args)); }",
        "public class Other { private int x = 1; public static void main(String[] args) { %s String.join(\"|\", args)); } }",
        "class Script { protected void main(String[] args) { %s String.join(\"|\", args)); } } class Z {}",
        "class Script extends Base {} class Base { void main(String[] args) { %s String.join(\"|\", args)); } }",
      })
  void callsMainWithTheArguments(String source) throws Exception {
    String name = source.startsWith("public class Other") ? "Other.java" : "Script.java";
    run(name, source.formatted(NOTE), "a b", "", "c=d");
    assertThat(System.getProperty("script.ran")).isEqualTo("a b||c=d");
  }

  @Test
  void callsMainWithoutParametersIfThereIsNoOther() throws Exception {
    run("Script.java", "void main() { %s \"yes\"); }".formatted(NOTE), "ignored");
    assertThat(System.getProperty("script.ran")).isEqualTo("yes");
  }

  @Test
  void seesTheClassesOfBurnish() throws Exception {
    run(
        "Script.java",
        "import dev.burnish.concurrent.Scope; void main() { %s Scope.map(List.of(1), i -> i + 1).toString()); }"
            .formatted(NOTE));
    assertThat(System.getProperty("script.ran")).isEqualTo("[2]");
  }

  @Test
  void throwsWhatTheScriptThrows() {
    assertThatThrownBy(() ->
            run(
                "Script.java",
                "void main() throws Exception { throw new java.io.IOException(\"disk\"); }"))
        .isInstanceOf(IOException.class)
        .hasMessage("disk");
  }

  @Test
  void compilesOnceAndAgainWhenTheSourceChanges() throws Exception {
    run("Script.java", "void main() { %s \"1\"); }".formatted(NOTE));
    run("Script.java", "void main() { %s \"1\"); }".formatted(NOTE));
    assertThat(cached()).hasSize(1);
    run("Script.java", "void main() { %s \"2\"); }".formatted(NOTE));
    assertThat(cached()).hasSize(2);
    assertThat(System.getProperty("script.ran")).isEqualTo("2");
  }

  @Test
  void aTruncatedCacheIsNotTrusted() throws Exception {
    run("Script.java", "void main() { %s \"1\"); }".formatted(NOTE));
    Path file = cached().getFirst();
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {0, 3, 10, whole.length - 1}) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      System.clearProperty("script.ran");
      run("Script.java", "void main() { %s \"1\"); }".formatted(NOTE));
      assertThat(System.getProperty("script.ran")).as("cut to %d bytes", length).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grpo-v2",
        "2grpo",
        "my grpo",
        "new",
        "class",
        "var",
        "record",
        "true",
        "_",
        "a.b",
        "(copy)",
        "модуль",
        "日本",
        "-",
        "x😀",
        "Script (1)"
      })
  void aScriptMayHaveAnyName(String name) throws Exception {
    run(name + ".java", "void main() { %s \"yes\"); }".formatted(NOTE));
    assertThat(System.getProperty("script.ran")).isEqualTo("yes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\uFEFFvoid main() { %s \"yes\"); }",
        "#!/usr/bin/env burnish\nvoid main() { %s \"yes\"); }",
        "/// CRLF\r\nvoid main() {\r\n  %s \"yes\");\r\n}\r\n",
        "package a.b;\npublic class Other { public static void main(String[] a) { %s \"yes\"); } }",
        "public class Other { public static void main(String[] a) { %s \"yes\"); } }",
        "record Settings(int x) {} public class Other { void main() { %s \"yes\"); } } class Z {}",
        "public interface Other { static void main(String[] a) { %s \"yes\"); } }",
        "public class Other { static class A {} static class B { static void main(String[] a) {} } void main() { %s \"yes\"); } }",
        "enum Other { ONE; public static void main(String[] a) { %s \"yes\"); } }",
      })
  void runsWhatJavaRuns(String source) throws Exception {
    run("Script.java", source.formatted(NOTE));
    assertThat(System.getProperty("script.ran")).isEqualTo("yes");
    System.clearProperty("script.ran");
    run("Script.java", source.formatted(NOTE)); // from the cache
    assertThat(System.getProperty("script.ran")).isEqualTo("yes");
  }

  @Test
  void aLinkRunsAsWhatItLeadsTo() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("real-one.java"), "void main() { %s \"yes\"); }".formatted(NOTE));
    Path link = Files.createSymbolicLink(folder.resolve("link to it.java"), file);
    Script.compile(link).run(List.of());
    assertThat(System.getProperty("script.ran")).isEqualTo("yes");
  }

  @Test
  void anErrorNamesItsFileAndLine() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("a-b.java"), "\uFEFFvoid main() {\n  int x = 1;\n\tint y = \"a\";\n}\n");
    java.io.PrintStream err = System.err;
    var shown = new java.io.ByteArrayOutputStream();
    System.setErr(new java.io.PrintStream(shown, true, java.nio.charset.StandardCharsets.UTF_8));
    try {
      assertThatThrownBy(() -> Script.compile(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("file=" + file + ", errors=1");
    } finally {
      System.setErr(err);
    }
    assertThat(shown.toString(java.nio.charset.StandardCharsets.UTF_8))
        .startsWith(file + ":3: incompatible types: java.lang.String cannot be converted to int")
        .contains("  \tint y = \"a\";")
        .doesNotContain("script:///");
  }

  @Test
  void saysWhatIsWrongWithAFileThatIsNoScript() throws Exception {
    Path latin =
        Files.write(folder.resolve("Latin.java"), new byte[] {'/', '/', '\n', (byte) 0xe9});
    assertThatThrownBy(() -> Script.compile(latin))
        .hasMessageContaining("a script is UTF-8: file=" + latin + ", line=1");
    Path script = Files.writeString(folder.resolve("script"), "void main() {}");
    assertThatThrownBy(() -> Script.compile(script))
        .hasMessageContaining("rename it to " + script + ".java");
    assertThatThrownBy(() -> Script.compile(folder)).hasMessageContaining("folder");
    Files.move(script, folder.resolve("script.java"));
    assertThatThrownBy(() -> Script.compile(script))
        .hasMessageContaining("did you mean " + script + ".java?");
  }

  @Test
  void refusesWhatDoesNotCompile() {
    assertThatThrownBy(() -> run("Script.java", "void main() { int x = \"a\"; y(); }"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("errors=2");
  }

  @Test
  void refusesAScriptWithoutAMainMethod() {
    assertThatThrownBy(() -> run("Script.java", "class Script { private void main() {} }"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs a main method");
  }

  @Test
  void refusesAFileThatIsNotThere() {
    assertThatThrownBy(() -> Script.compile(folder.resolve("No.java")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("No.java");
  }

  private void run(String name, String source, String... arguments) throws Exception {
    Path file = Files.writeString(folder.resolve(name), source);
    Script.compile(file).run(List.of(arguments));
  }

  private List<Path> cached() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(".burnish/scripts"))) {
      return files.toList();
    }
  }
}
