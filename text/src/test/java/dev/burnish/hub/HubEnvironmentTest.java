package dev.burnish.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubEnvironmentTest {
  @TempDir private Path home;

  private final Map<String, String> variables = new HashMap<>();

  @BeforeEach
  void setHome() {
    variables.put("HOME", home.toString());
  }

  private HubEnvironment environment() {
    return new HubEnvironment(variables);
  }

  private void set(String name, String value) {
    variables.put(name, value.replace("HOME", home.toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "'', .cache/huggingface/hub",
    "XDG_CACHE_HOME=HOME/x, x/huggingface/hub",
    "XDG_CACHE_HOME=~/x, x/huggingface/hub",
    "XDG_CACHE_HOME=HOME/x HF_HOME=HOME/y, y/hub",
    "HF_HOME=~/y, y/hub",
    "HF_HOME=$HF_BASE/z HF_BASE=HOME, z/hub",
    "HF_HOME=${HF_BASE}/z HF_BASE=HOME, z/hub",
    "HF_HOME=HOME/y HF_HUB_CACHE=HOME/c, c",
    "HUGGINGFACE_HUB_CACHE=HOME/d, d",
    "HF_HUB_CACHE= HF_HOME=, .cache/huggingface/hub",
  })
  void theCacheIsWhereTheHubsOwnClientHasIt(String set, String expected) {
    for (String assignment : set.isEmpty() ? new String[0] : set.split(" ")) {
      String[] parts = assignment.split("=", 2);
      set(parts[0], parts[1]);
    }
    assertThat(environment().cache()).isEqualTo(home.resolve(expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "~", "relative", "/nonexistent/home"})
  void aHomeThatIsNoFolderIsNotMade(String value) {
    variables.put("HOME", value);
    Path cache = environment().cache();
    assertThat(cache)
        .isAbsolute()
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cache/huggingface/hub"));
  }

  @Test
  void theTokenIsThatOfTheVariableThenThatOfTheLogin() throws IOException {
    assertThat(environment().token()).isEmpty();
    Path login = Files.createDirectories(home.resolve(".cache/huggingface")).resolve("token");
    Files.writeString(login, "hf_login\n");
    assertThat(environment().token()).contains("hf_login");
    variables.put("HF_TOKEN_PATH", Files.writeString(home.resolve("t"), " hf_path ").toString());
    assertThat(environment().token()).contains("hf_path");
    variables.put("HUGGING_FACE_HUB_TOKEN", "hf_old");
    assertThat(environment().token()).contains("hf_old");
    variables.put("HF_TOKEN", "hf_new\r\n");
    assertThat(environment().token()).contains("hf_new");
    variables.put("HF_HUB_DISABLE_IMPLICIT_TOKEN", "yes");
    assertThat(environment().token()).isEmpty();
  }

  @Test
  void aTokenThatIsNoneIsRefusedAndNotShown() {
    variables.put("HF_TOKEN", "hf_sécret");
    assertThatThrownBy(() -> environment().token())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("from=HF_TOKEN")
        .hasMessageNotContaining("cret");
  }

  @ParameterizedTest
  @CsvSource({"1,true", "ON,true", "true,true", "Yes,true", "0,false", "'',false", "no,false"})
  void offlineIsSaidInAnyOfTheWords(String value, boolean offline) {
    variables.put("HF_HUB_OFFLINE", value);
    assertThat(environment().offline()).isEqualTo(offline);
    variables.remove("HF_HUB_OFFLINE");
    variables.put("TRANSFORMERS_OFFLINE", value);
    assertThat(environment().offline()).isEqualTo(offline);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf-mirror.test", "http://", "a b"})
  void anEndpointThatIsNoAddressNamesItsVariable(String value) {
    variables.put("HF_ENDPOINT", value);
    assertThatThrownBy(() -> environment().endpoint())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("correct HF_ENDPOINT");
  }
}
