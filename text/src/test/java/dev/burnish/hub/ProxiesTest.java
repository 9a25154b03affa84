package dev.burnish.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Expected values from urllib and requests of Python.
class ProxiesTest {
  private static String proxy(String address, Map<String, String> variables) {
    return new Proxies(variables)
        .of(URI.create(address))
        .map(proxy -> proxy.host() + ":" + proxy.port())
        .orElse("none");
  }

  @Test
  void takesTheVariableOfTheSchemeAndTheSmallLettersFirst() {
    Map<String, String> both =
        Map.of("https_proxy", "http://a:1", "HTTPS_PROXY", "http://b:2", "HTTP_PROXY", "c:3");
    assertThat(proxy("https://hub.test/x", both)).isEqualTo("a:1");
    assertThat(proxy("http://hub.test/x", both)).isEqualTo("c:3");
    assertThat(proxy("https://hub.test", Map.of("HTTPS_PROXY", "http://b:2/"))).isEqualTo("b:2");
    assertThat(proxy("https://hub.test", Map.of("ALL_PROXY", "http://d"))).isEqualTo("d:80");
    assertThat(proxy("https://hub.test", Map.of("https_proxy", "", "all_proxy", "e:5")))
        .isEqualTo("e:5");
    assertThat(proxy("https://hub.test", Map.of())).isEqualTo("none");
    assertThat(proxy("http://hub.test", Map.of("HTTP_PROXY", "c:3", "REQUEST_METHOD", "GET")))
        .isEqualTo("none");
    assertThat(proxy("http://hub.test", Map.of("http_proxy", "http://[::1]:3128")))
        .isEqualTo("::1:3128");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hub.test            | hub.test               | yes",
        "hub.test            | HUB.test               | yes",
        "hub.test            | other, .test           | yes",
        "hub.test            | *.test                 | yes",
        "a.hub.test          | hub.test               | yes",
        "nothub.test         | hub.test               | no",
        "hub.test            | a.hub.test             | no",
        "hub.test            | *                      | yes",
        "hub.test:8080       | hub.test:8080          | yes",
        "hub.test:8081       | hub.test:8080          | no",
        "127.0.0.1:9         | 127.0.0.1              | yes",
        "127.0.0.1:9         | 127.0.0.0/8            | yes",
        "10.1.2.3            | 10.1.0.0/16            | yes",
        "10.2.2.3            | 10.1.0.0/16            | no",
        "hub.test            | 10.0.0.0/8             | no",
        "[::1]:9             | ::1                    | yes",
        "[fd00::7]           | fd00::/8               | yes",
        "10.1.2.3            | 10.1.0.0/x,fd00::/8    | no",
        "hub.test            | ''                     | no",
      })
  void noProxyNamesHostsTheirDomainsAndNetworks(String host, String noProxy, String bypasses) {
    Map<String, String> variables = Map.of("http_proxy", "http://p:1", "NO_PROXY", noProxy);
    assertThat(proxy("http://" + host + "/x", variables))
        .isEqualTo(bypasses.equals("yes") ? "none" : "p:1");
  }

  @Test
  void aUserAndAPasswordAreDecodedAndNotShown() {
    Proxies.Address proxy =
        new Proxies(Map.of("https_proxy", "http://me:p%40ss+w@p:1"))
            .of(URI.create("https://hub.test"))
            .orElseThrow();
    assertThat(proxy.authorization()).contains("Basic bWU6cEBzcyt3");
    assertThat(proxy.toString()).isEqualTo("p:1 of https_proxy");
  }

  @ParameterizedTest
  @CsvSource({
    "socks5://me:secret@p:1",
    "http://me:secret@:80",
    "http://me:secret@a b",
    "https://p"
  })
  void refusesWhatIsNoProxyWithoutItsPassword(String value) {
    Proxies proxies = new Proxies(Map.of("https_proxy", value));
    assertThatThrownBy(() -> proxies.of(URI.create("https://hub.test")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("https_proxy=")
        .hasMessageNotContaining("secret");
  }
}
