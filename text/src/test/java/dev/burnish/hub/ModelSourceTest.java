package dev.burnish.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ModelSourceTest {
  private static final String MODEL = "hf:acme/tiny";
  private static final int PART = 40_000;

  @TempDir Path folder;
  private final FakeHub hub = new FakeHub();
  private final byte[] weights = new byte[250_001];

  @BeforeEach
  void fillTheHub() {
    new Random(3).nextBytes(weights);
    hub.small.put("config.json", "{\"a\": 1}\n".getBytes(StandardCharsets.UTF_8));
    hub.small.put("README.md", "not wanted".getBytes(StandardCharsets.UTF_8));
    hub.large.put("model.safetensors", weights);
  }

  @AfterEach
  void closeTheHub() {
    hub.close();
  }

  @Test
  void fetchesInPartsIntoTheCacheOfTheHub() throws IOException {
    Map<String, Long> seen = new ConcurrentHashMap<>();
    Path snapshot =
        ModelSource.resolve(
            MODEL,
            options().withProgress((file, bytes, total) -> seen.merge(file, bytes, Math::max)));

    Path model = folder.resolve("hub/models--acme--tiny");
    assertThat(snapshot).isEqualTo(model.resolve("snapshots").resolve(FakeHub.COMMIT));
    assertThat(names(snapshot)).containsExactlyInAnyOrder("config.json", "model.safetensors");
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(Files.readSymbolicLink(snapshot.resolve("model.safetensors")))
        .isEqualTo(Path.of("../../blobs", FakeHub.digest("SHA-256", weights)));
    assertThat(model.resolve("refs/main")).hasContent(FakeHub.COMMIT);
    assertThat(names(model.resolve("blobs"))).hasSize(2);
    assertThat(hub.ranges).hasSize(7).contains("bytes=0-39999", "bytes=240000-250000");
    assertThat(seen).containsEntry("model.safetensors", (long) weights.length);
  }

  @Test
  void asksInAsciiDigitsWhateverTheLanguage() {
    java.util.Locale before = java.util.Locale.getDefault();
    java.util.Locale.setDefault(java.util.Locale.of("ar", "EG"));
    try {
      ModelSource.resolve(MODEL, options());
    } finally {
      java.util.Locale.setDefault(before);
    }
    assertThat(hub.ranges).hasSize(7).contains("bytes=0-39999", "bytes=240000-250000");
  }

  @Test
  void sendsTheTokenToTheHubAndNowhereElse() {
    ModelSource.resolve(MODEL, options());
    assertThat(hub.tokensAtHub).isNotEmpty().containsOnly("Bearer hf_secret");
    assertThat(hub.tokensAtStore).isNotEmpty().containsOnly("null");
    assertThat(options().toString()).doesNotContain("hf_secret");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/again,redirects must end",
    "http:///x,must not leave",
    "mailto:x,must not leave"
  })
  void refusesRedirectsThatLeadNowhere(String location, String rule) {
    hub.redirectOfListing = location;
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining(rule);
  }

  @Test
  void doesNotFetchAgainWhatIsThere() {
    ModelSource.resolve(MODEL, options());
    int before = hub.requestsToHub.get();
    hub.ranges.clear();
    ModelSource.resolve(MODEL, options());
    assertThat(hub.requestsToHub.get() - before).isEqualTo(1);
    assertThat(hub.ranges).isEmpty();
  }

  @Test
  void resumesWhereAConnectionWasDropped() throws IOException {
    hub.fault =
        (exchange, request, part) -> {
          if (request % 2 == 1 && part.length > 1000) {
            FakeHub.sendPart(exchange, 206, part, 700);
            return true;
          }
          return false;
        };
    Path snapshot = ModelSource.resolve(MODEL, options());
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(hub.ranges).anyMatch(range -> range.matches("bytes=\\d+700-.*"));
  }

  @Test
  void resumesInAnotherProcessAfterGivingUp() throws IOException {
    hub.fault =
        (exchange, request, part) -> {
          if (request <= 5) {
            return false;
          }
          FakeHub.send(exchange, 500, new byte[0]);
          return true;
        };
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("file=model.safetensors")
        .hasMessageContaining("resumes");
    assertThat(snapshotOf("main")).doesNotExist();
    hub.ranges.clear();
    hub.fault = (exchange, request, part) -> false;
    Path snapshot = ModelSource.resolve(MODEL, options());
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(hub.ranges).hasSizeLessThan(7);
  }

  @Test
  void triesAgainWhereTheLengthWasALie() {
    hub.fault =
        (exchange, request, part) -> {
          if (request == 1) {
            byte[] longer = java.util.Arrays.copyOf(part, part.length + 5000);
            FakeHub.send(exchange, 206, longer);
            return true;
          }
          if (request == 2) {
            FakeHub.send(exchange, 206, java.util.Arrays.copyOf(part, part.length / 2));
            return true;
          }
          return false;
        };
    Path snapshot = ModelSource.resolve(MODEL, options());
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void givesUpAConnectionFromWhichNothingComes() {
    hub.fault =
        (exchange, request, part) -> {
          if (request > 1) {
            return false;
          }
          exchange.sendResponseHeaders(206, part.length);
          exchange.getResponseBody().write(part, 0, 10);
          exchange.getResponseBody().flush();
          return true;
        };
    Path snapshot = ModelSource.resolve(MODEL, options());
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void fetchesFromAHubThatKnowsNoRanges() {
    hub.knowsRanges = false;
    Path snapshot = ModelSource.resolve(MODEL, options());
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void refusesARangeThatWasNotAskedFor() {
    hub.fault =
        (exchange, request, part) -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 1-2/3");
          FakeHub.send(exchange, 206, part);
          return true;
        };
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasStackTraceContaining("Content-Range");
  }

  @Test
  void keepsNothingOfAFileWithAnotherDigest() throws IOException {
    String wrong = "f".repeat(64);
    hub.wrongDigests.put("model.safetensors", wrong);
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("expected=" + wrong)
        .hasMessageContaining("file=model.safetensors");
    assertThat(names(folder.resolve("hub/models--acme--tiny/blobs"))).hasSize(1);
  }

  @Test
  void refusesADigestThatIsNone() {
    hub.wrongDigests.put("model.safetensors", "../../../etc/passwd");
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("SHA-256");
  }

  @ParameterizedTest
  @CsvSource({"401,HF_TOKEN", "403,HF_TOKEN", "404,no such model"})
  void saysWhatToDoWhenTheHubRefuses(int status, String cure) {
    hub.statuses.add(status);
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("status=" + status)
        .hasMessageContaining(cure);
    assertThat(hub.requestsToHub).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503})
  void triesAgainWhenTheHubIsBusy(int status) {
    hub.statuses.addAll(List.of(status, status));
    Path snapshot = ModelSource.resolve(MODEL, options());
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void givesUpAfterTheLastAttempt() {
    hub.statuses.addAll(java.util.Collections.nCopies(10, 503));
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("attempts=3")
        .hasMessageContaining("HF_HUB_OFFLINE");
    assertThat(hub.requestsToHub).hasValue(3);
  }

  @Test
  void usesTheCacheAloneWhenOffline() {
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options().withOffline(true)))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("HF_HUB_OFFLINE");
    Path online = ModelSource.resolve(MODEL, options());
    hub.close();
    assertThat(ModelSource.resolve(MODEL, options().withOffline(true))).isEqualTo(online);
    assertThat(ModelSource.resolve(MODEL + "@" + FakeHub.COMMIT, options().withOffline(true)))
        .isEqualTo(online);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 429, 503})
  void usesTheCacheWhenTheHubDoesNotGiveTheModelAnyMore(int status) {
    Path online = ModelSource.resolve(MODEL, options());
    hub.statuses.addAll(java.util.Collections.nCopies(10, status));
    List<String> said = new java.util.ArrayList<>();
    assertThat(ModelSource.resolve(MODEL, options().withProgress(new Hearing(said))))
        .isEqualTo(online);
    assertThat(said).hasSize(1);
    assertThat(said.getFirst())
        .contains("hf:acme/tiny@main of the cache", "status")
        .doesNotContain("hf_secret");
  }

  @Test
  void usesTheCacheAtOnceWhenTheHubCannotBeReached() {
    Path online = ModelSource.resolve(MODEL, options());
    hub.close();
    List<String> said = new java.util.ArrayList<>();
    assertThat(ModelSource.resolve(MODEL, options().withProgress(new Hearing(said))))
        .isEqualTo(online);
    assertThat(said).hasSize(1);
    assertThat(said.getFirst()).contains("of the cache", "attempts=1");
    assertThat(ModelSource.resolve(MODEL + "@" + FakeHub.COMMIT, options())).isEqualTo(online);
    assertThatThrownBy(() -> ModelSource.resolve(MODEL + "@other", options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("attempts=3");
  }

  @Test
  void aModelWithoutAllOfItsShardsIsNotInTheCache() throws IOException {
    hub.large.remove("model.safetensors");
    hub.large.put("model-00001-of-00002.safetensors", weights);
    hub.large.put("model-00002-of-00002.safetensors", new byte[10]);
    hub.small.put(
        "model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8));
    Path online = ModelSource.resolve(MODEL, options());
    assertThat(ModelSource.resolve(MODEL, options().withOffline(true))).isEqualTo(online);
    Files.delete(online.resolve("model-00002-of-00002.safetensors"));
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options().withOffline(true)))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("must be in the cache");
  }

  @Test
  void goesThroughTheProxyOfTheEnvironment() throws Exception {
    List<String> asked = new java.util.concurrent.CopyOnWriteArrayList<>();
    var proxy = com.sun.net.httpserver.HttpServer.create(loopback(), 0);
    proxy.createContext(
        "/",
        exchange -> {
          asked.add(
              exchange.getRequestURI()
                  + " "
                  + exchange.getRequestHeaders().getFirst("Proxy-Authorization"));
          exchange.sendResponseHeaders(404, -1);
          exchange.close();
        });
    proxy.start();
    try {
      String address = "http://me:secret@127.0.0.1:" + proxy.getAddress().getPort();
      assertThatThrownBy(() ->
              ModelSource.resolve(
                  MODEL, at("http://hub.invalid"), new Proxies(Map.of("HTTP_PROXY", address))))
          .isInstanceOf(HubException.class);
      assertThat(asked)
          .containsExactly(
              "http://hub.invalid/api/models/acme/tiny/revision/main Basic bWU6c2VjcmV0");
    } finally {
      proxy.stop(0);
    }
  }

  @Test
  void asksAProxyToCarryHttpsAndSaysWhoItIs() throws Exception {
    try (var proxy = new java.net.ServerSocket(0, 10, loopback().getAddress());
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<List<String>> asked =
          thread.submit(() -> {
            List<String> lines = new java.util.ArrayList<>();
            try (var connection = proxy.accept()) {
              var in =
                  new java.io.BufferedReader(
                      new java.io.InputStreamReader(
                          connection.getInputStream(), StandardCharsets.UTF_8));
              for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
                lines.add(line);
              }
              connection
                  .getOutputStream()
                  .write(
                      "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"
                          .getBytes(StandardCharsets.UTF_8));
            }
            return lines;
          });
      String address = "http://me:secret@127.0.0.1:" + proxy.getLocalPort();
      assertThatThrownBy(() ->
              ModelSource.resolve(
                  MODEL, at("https://hub.invalid"), new Proxies(Map.of("https_proxy", address))))
          .isInstanceOf(HubException.class)
          .hasMessageContaining("the proxy 127.0.0.1:" + proxy.getLocalPort() + " of https_proxy")
          .hasMessageNotContaining("secret");
      assertThat(asked.get())
          .contains("CONNECT hub.invalid:443 HTTP/1.1", "Proxy-Authorization: Basic bWU6c2VjcmV0");
    }
  }

  private static java.net.InetSocketAddress loopback() {
    return new java.net.InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), 0);
  }

  private HubOptions at(String endpoint) {
    return new HubOptions(
        URI.create(endpoint),
        folder.resolve("hub"),
        Optional.empty(),
        false,
        4,
        PART,
        Duration.ofSeconds(20),
        Duration.ofMillis(1),
        1,
        (file, bytes, total) -> {});
  }

  private record Hearing(List<String> said) implements DownloadProgress {
    @Override
    public void advanced(String file, long bytes, long total) {}

    @Override
    public void notice(String line) {
      said.add(line);
    }
  }

  @Test
  void fetchesShardsWithTheirIndexOrAGguf() throws IOException {
    hub.large.remove("model.safetensors");
    hub.large.put("model-00001-of-00002.safetensors", weights);
    hub.large.put("model-00002-of-00002.safetensors", new byte[10]);
    hub.large.put("other.gguf", weights);
    hub.small.put("model.safetensors.index.json", new byte[] {'{', '}'});
    assertThat(names(ModelSource.resolve(MODEL, options())))
        .containsExactlyInAnyOrder(
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json");
  }

  @Test
  void namesTheGgufFilesAmongWhichItCannotChoose() {
    hub.large.clear();
    hub.large.put("a.gguf", weights);
    hub.large.put("b.gguf", weights);
    assertThatThrownBy(() -> ModelSource.resolve(MODEL, options()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("[a.gguf, b.gguf]");
  }

  @Test
  void twoAtOnceTakeTurns() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<Path>> both =
          List.of(
              threads.submit(() -> ModelSource.resolve(MODEL, options())),
              threads.submit(() -> ModelSource.resolve(MODEL, options())));
      assertThat(both.get(0).get()).isEqualTo(both.get(1).get());
    }
    assertThat(hub.ranges).hasSize(7);
  }

  @Test
  void takesFoldersAndFilesAsTheyAre() throws IOException {
    Path gguf = Files.writeString(folder.resolve("m.gguf"), "x");
    assertThat(ModelSource.resolve(folder.toString(), options())).isEqualTo(folder);
    assertThat(ModelSource.resolve(gguf.toString(), options())).isEqualTo(gguf);
    assertThatThrownBy(() -> ModelSource.resolve(folder + "/none", options()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hf:owner/name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hf:", "hf:name", "hf:../name", "hf:a/../b", "hf:a/b@../x", "hf:a/b@", "hf:a/b c"})
  void refusesNamesOfAnotherForm(String model) {
    assertThatThrownBy(() -> ModelSource.resolve(model, options()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hf:owner/name@revision");
  }

  @Test
  void readsTheEnvironmentOfTheHub() {
    HubOptions options =
        HubOptions.of(
            Map.of(
                "HF_HOME",
                "/h",
                "HF_TOKEN",
                " t\n",
                "HF_HUB_OFFLINE",
                "1",
                "HF_ENDPOINT",
                "http://e"));
    assertThat(options.cache()).isEqualTo(Path.of("/h/hub"));
    assertThat(options.token()).contains("t");
    assertThat(options.offline()).isTrue();
    assertThat(options.endpoint()).isEqualTo(URI.create("http://e"));
    HubOptions defaults = HubOptions.of(Map.of("HF_HUB_CACHE", "/c", "HOME", folder.toString()));
    assertThat(defaults.cache()).isEqualTo(Path.of("/c"));
    assertThat(defaults.token()).isEmpty();
    assertThat(defaults.offline()).isFalse();
    assertThat(defaults.endpoint()).isEqualTo(URI.create("https://huggingface.co"));
    assertThat(List.of(defaults.connections(), defaults.attempts())).containsExactly(4, 6);
    assertThat(defaults.partBytes()).isEqualTo(64 << 20);
    assertThat(defaults.stall()).isEqualTo(Duration.ofSeconds(30));
    assertThat(defaults.backoff()).isEqualTo(Duration.ofMillis(500));
    assertThatThrownBy(() -> HubOptions.of(Map.of("HF_ENDPOINT", "ftp://e")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("HF_ENDPOINT");
  }

  private HubOptions options() {
    return new HubOptions(
        hub.endpoint(),
        folder.resolve("hub"),
        Optional.of("hf_secret"),
        false,
        4,
        PART,
        Duration.ofMillis(700),
        Duration.ofMillis(1),
        3,
        (file, bytes, total) -> {});
  }

  private Path snapshotOf(String revision) {
    return folder.resolve("hub/models--acme--tiny/refs").resolve(revision);
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }
}
