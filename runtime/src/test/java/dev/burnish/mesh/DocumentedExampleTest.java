package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.host.JvmCommand;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The examples of docs/meshes.md and docs/services.md compile, run over real processes, and print
/// the documented output.
class DocumentedExampleTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void theExampleOfMeshesPrintsWhatItSays() throws Exception {
    check("meshes.md", "Counting");
  }

  @Test
  void theExampleOfServicesPrintsWhatItSays() throws Exception {
    check("services.md", "Judging");
  }

  private void check(String name, String program) throws Exception {
    String page = Files.readString(Path.of("../docs", name));
    Path source = folder.resolve(program + ".java");
    Files.writeString(source, block(page, "java"));
    String classPath = System.getProperty("java.class.path");
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                classPath,
                "-d",
                folder.toString(),
                source.toString());
    assertThat(compiled).isZero();
    Process process =
        new ProcessBuilder(
                JvmCommand.java().toString(),
                "-cp",
                folder + File.pathSeparator + classPath,
                program)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed).isEqualTo(block(page, "text"));
  }

  private static String block(String page, String kind) {
    Matcher matcher = Pattern.compile("```" + kind + "\n(.*?)```", Pattern.DOTALL).matcher(page);
    assertThat(matcher.find()).as("a block of " + kind).isTrue();
    return matcher.group(1);
  }
}
