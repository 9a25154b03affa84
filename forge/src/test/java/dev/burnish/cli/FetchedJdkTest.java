package dev.burnish.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.burnish.cli.Launcher.Result;
import dev.burnish.testing.Signals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The launcher on a machine without a JDK, and a server that has one.
@Timeout(120)
class FetchedJdkTest {
  @TempDir private Path folder;
  private Launcher launcher;
  private HttpServer server;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private byte[] archive = new byte[0];
  private String digest = "";

  @BeforeEach
  void serve() throws Exception {
    launcher = Launcher.in(folder);
    launcher.jdk("made/jdk-25.0.9+1", "25.0.9");
    Process tar =
        new ProcessBuilder("tar", "-czf", "jdk.tgz", "-C", "made", "jdk-25.0.9+1")
            .directory(folder.toFile())
            .start();
    assertThat(tar.waitFor()).isZero();
    archive = Files.readAllBytes(folder.resolve("jdk.tgz"));
    digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(archive));
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/v3/assets/latest/25/hotspot",
        exchange -> {
          asked.add(exchange.getRequestURI().getQuery());
          answer(exchange, description().getBytes(UTF_8));
        });
    server.createContext("/jdk.tgz", exchange -> answer(exchange, archive));
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void answer(com.sun.net.httpserver.HttpExchange exchange, byte[] body)
      throws IOException {
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /// The form of Adoptium's interface, with an installer next to the package.
  private String description() {
    return """
    [
        {
            "binary": {
                "architecture": "x64",
                "image_type": "jdk",
                "installer": {
                    "checksum": "0000000000000000000000000000000000000000000000000000000000000000",
                    "link": "https://nowhere.invalid/jdk.pkg"
                },
                "package": {
                    "checksum": "%s",
                    "checksum_link": "%s/jdk.tgz.sha256.txt",
                    "download_count": 7,
                    "link": "%s/jdk.tgz",
                    "name": "jdk.tgz",
                    "signature_link": "https://nowhere.invalid/jdk.tgz.sig",
                    "size": %s
                },
                "project": "jdk"
            },
            "release_name": "jdk-25.0.9+1",
            "vendor": "eclipse"
        }
    ]
    """
        .formatted(digest, address(), address(), Integer.toString(archive.length));
  }

  private Map<String, String> withoutAJdk() {
    Map<String, String> environment = new HashMap<>();
    environment.put("JAVA_HOME", "");
    environment.put("PATH", "/usr/bin:/bin");
    environment.put("BURNISH_JDK_PLACES", "");
    environment.put("BURNISH_JDK_SERVER", address());
    environment.put("BURNISH_FETCH_JDK", "1");
    return environment;
  }

  private List<Path> state() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(".burnish"))) {
      return files.toList();
    }
  }

  @Test
  void fetchesAJdkOnceAndStartsWithIt() throws Exception {
    Result result = launcher.run(withoutAJdk(), "--version");
    assertThat(result.status()).as(result.output()).isZero();
    assertThat(result.output()).contains("fetching a JDK 25", "made/jdk-25.0.9+1 ");
    assertThat(folder.resolve(".burnish/jdk/bin/javac")).isExecutable();
    assertThat(state()).noneMatch(path -> path.toString().contains("partial"));
    assertThat(asked).hasSize(1);
    assertThat(asked.getFirst()).contains("image_type=jdk", "vendor=eclipse", "architecture=");
    server.stop(0);
    Map<String, String> later = withoutAJdk();
    later.remove("BURNISH_FETCH_JDK");
    assertThat(launcher.run(later, "--version").output()).contains("made/jdk-25.0.9+1 ");
  }

  @Test
  void keepsNothingOfWhatHasAnotherDigest() throws Exception {
    String right = digest;
    digest = "f".repeat(64);
    Result refused = launcher.run(withoutAJdk(), "--version");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.output()).contains("sha256=" + right, "expected=" + digest);
    assertThat(state()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"empty, names no JDK 25", "text, names no JDK 25", "archive, digest"})
  void saysWhatIsWrongWithTheServer(String what, String said) throws Exception {
    switch (what) {
      case "empty" -> digest = "";
      case "text" -> digest = "$(touch harm)";
      default -> archive = "no archive".getBytes(UTF_8);
    }
    Result refused = launcher.run(withoutAJdk(), "--version");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.output()).contains(said);
    assertThat(state()).isEmpty();
    assertThat(folder.resolve("harm")).doesNotExist();
  }

  @Test
  void anArchiveWithoutAJdkIsRefused() throws Exception {
    Process tar =
        new ProcessBuilder("tar", "-czf", "jdk.tgz", "pom.xml").directory(folder.toFile()).start();
    assertThat(tar.waitFor()).isZero();
    archive = Files.readAllBytes(folder.resolve("jdk.tgz"));
    digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(archive));
    Result refused = launcher.run(withoutAJdk(), "--version");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.output()).contains("is no JDK 25");
    assertThat(state()).isEmpty();
  }

  @Test
  void aServerThatIsNotThereIsALine() throws Exception {
    Map<String, String> environment = withoutAJdk();
    server.stop(0);
    Result refused = launcher.run(environment, "--version");
    assertThat(refused.status()).isEqualTo(2);
    assertThat(refused.output()).contains("burnish: cannot fetch " + address());
    assertThat(state()).isEmpty();
  }

  @Test
  void anInterruptedDownloadLeavesNothing() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    server.removeContext("/jdk.tgz");
    server.createContext(
        "/jdk.tgz",
        exchange -> {
          exchange.sendResponseHeaders(200, archive.length);
          exchange.getResponseBody().write(archive, 0, 10);
          exchange.getResponseBody().flush();
          begun.countDown();
          try {
            ended.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try {
      Process process = launcher.start(withoutAJdk(), "--version");
      begun.await();
      Signals.send("TERM", process.pid());
      assertThat(process.waitFor()).isEqualTo(143);
      assertThat(state()).isEmpty();
    } finally {
      ended.countDown();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ID=debian                                   | sudo apt-get install openjdk-25-jdk",
        "ID=ubuntu~ID_LIKE=debian                    | sudo apt-get install openjdk-25-jdk",
        "ID=linuxmint~ID_LIKE=\"ubuntu debian\"      | sudo apt-get install openjdk-25-jdk",
        "ID=fedora                                   | sudo dnf install java-25-openjdk-devel",
        "ID=\"rocky\"~ID_LIKE=\"rhel centos fedora\" | sudo dnf install java-25-openjdk-devel",
        "ID=darwin                                   | brew install --cask temurin@25",
        "ID=plan9                                    | Eclipse Temurin 25, https://adoptium.net",
      })
  void namesTheCommandOfTheSystem(String release, String command) throws Exception {
    Path file = Files.writeString(folder.resolve("os-release"), release.replace('~', '\n'));
    Map<String, String> environment = withoutAJdk();
    environment.put("BURNISH_FETCH_JDK", "0");
    environment.put("BURNISH_OS_RELEASE", file.toString());
    environment.put("HOME", folder.toString());
    Result result = launcher.run(environment, "--version");
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.output()).hasLineCount(1).contains("install one: " + command);
    Files.createDirectories(folder.resolve(".sdkman/bin"));
    Files.createFile(folder.resolve(".sdkman/bin/sdkman-init.sh"));
    assertThat(launcher.run(environment, "--version").output())
        .contains("install one: sdk install java 25-tem");
    assertThat(asked).isEmpty();
  }
}
