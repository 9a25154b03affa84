package dev.burnish.verify.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.testing.SharedFiles;
import dev.burnish.text.TokenizerException;
import dev.burnish.verify.templates.TemplateCases.Result;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateCasesTest {
  @TempDir Path folder;

  @Test
  void rendersEveryPublishedTemplateAsJinja2Does() {
    List<Result> results = TemplateCases.verify(SharedFiles.data("chat_templates.json"));
    assertThat(results).hasSizeGreaterThanOrEqualTo(60);
    assertThat(results).filteredOn(result -> !result.passed()).isEmpty();
  }

  /// More than a thousand small templates, rendered by Jinja2 3.1.6 on Python 3.11 in the setting
  /// of transformers: each filter, test, method, statement and error in a few variants.
  @Test
  void rendersEachFeatureAsJinja2Does() throws URISyntaxException {
    Path probes =
        Path.of(Objects.requireNonNull(getClass().getResource("jinja_probes.json")).toURI());
    List<Result> results = TemplateCases.verify(probes);
    assertThat(results).hasSizeGreaterThan(1500);
    assertThat(results).filteredOn(result -> !result.passed()).isEmpty();
  }

  @Test
  void tellsWhereATextDiffers() throws IOException {
    Result result =
        verify(
            """
            [{"name": "n", "chat_template": "abc{{ x }}", "data": {"x": 1}, "expected": "abd1"}]\
            """);
    assertThat(result.passed()).isFalse();
    assertThat(result.actual()).isEqualTo("abc1");
    assertThat(result.difference()).isEqualTo("at character 2: expected 'd1', got 'c1'");
  }

  @Test
  void failsACaseThatRendersWhereJinja2Refuses() throws IOException {
    Result refused =
        verify(
            """
            [{"chat_template": "{{ 1/0 }}", "data": {}, "expected_error": "ZeroDivisionError"}]\
            """);
    assertThat(refused.passed()).isTrue();
    Result rendered =
        verify("[{\"chat_template\": \"x\", \"data\": {}, \"expected_error\": \"TypeError\"}]");
    assertThat(rendered.passed()).isFalse();
    Result failed = verify("[{\"chat_template\": \"{{ \", \"data\": {}, \"expected\": \"\"}]");
    assertThat(failed.passed()).isFalse();
    assertThat(failed.actual()).startsWith("TemplateSyntaxError");
  }

  private Result verify(String json) throws IOException {
    return TemplateCases.verify(Files.writeString(folder.resolve("cases.json"), json)).getFirst();
  }

  @Test
  void refusesFilesOfAnotherForm() throws IOException {
    assertThatThrownBy(() -> TemplateCases.read(folder.resolve("absent.json")))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("absent.json");
    assertRefused("[{\"chat_tem", "is no JSON");
    assertRefused("{}", "must hold a list");
    assertRefused("[{\"chat_template\": \"x\", \"data\": {}}]", "case 0");
  }

  private void assertRefused(String json, String reason) throws IOException {
    Path file = Files.writeString(folder.resolve("bad.json"), json);
    assertThatThrownBy(() -> TemplateCases.read(file))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(reason);
  }
}
