package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.cli.Launcher.Result;
import dev.burnish.testing.Signals;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class LauncherTest {
  @TempDir private Path folder;
  private Launcher launcher;

  @BeforeEach
  void createProject() throws IOException {
    launcher = Launcher.in(folder);
  }

  @Test
  void buildsOnceAndStartsWithAnAcceptedAotCache() throws Exception {
    Result first = launcher.run("--version");
    assertThat(first.status()).as(first.output()).isZero();
    assertThat(first.output()).contains("burnish: building").contains("burnish 0.1");
    for (String command : new String[] {"--version", "warm-up", "serve --help", "run --help"}) {
      Result again =
          launcher.run(Map.of("BURNISH_JAVA_OPTS", "-XX:AOTMode=on"), command.split(" ", -1));
      assertThat(again.status()).as(again.output()).isZero();
      assertThat(again.output()).doesNotContain("building").doesNotContain("AOT");
    }
    assertThat(launcher.numBuilds()).isOne();
  }

  @Test
  void theJarsOfServersAndOfMcpComeAfterAllOthers() throws Exception {
    assertThat(launcher.run(fakeJdk()).status()).isZero();
    Path build = state().stream().filter(Files::isDirectory).findFirst().orElseThrow();
    String all = Files.readString(build.resolve("classpath")).strip();
    String added = Files.readString(build.resolve("serve-classpath")).strip();
    assertThat(all)
        .contains("burnish-forge-1.jar")
        .doesNotContain("serve", "webserver.jar", "mcp", "sdk.jar");
    assertThat(Files.readString(build.resolve("run-classpath")).strip().split(File.pathSeparator))
        .containsExactly(
            build.resolve("burnish-serve-1.jar").toString(),
            launcher.path("webserver.jar").toString(),
            build.resolve("burnish-mcp-1.jar").toString(),
            launcher.path("sdk.jar").toString());
    assertThat(added.split(File.pathSeparator))
        .containsExactly(
            build.resolve("burnish-serve-1.jar").toString(),
            launcher.path("webserver.jar").toString());
  }

  @Test
  void buildsAgainWhenASourceOrAPomChangedOrOneWasDeleted() throws Exception {
    Map<String, String> fake = fakeJdk();
    launcher.run(fake);
    touch("forge/src/main/java/A.java");
    assertThat(launcher.run(fake).output()).contains("building (sources changed)");
    touch("pom.xml");
    launcher.run(fake);
    Files.delete(launcher.path("forge/src/main/java/A.java"));
    launcher.run(fake);
    launcher.run(fake);
    assertThat(launcher.numBuilds()).isEqualTo(4);
  }

  @Test
  void aFailedBuildLeavesNothingBehindAndIsTriedAgain() throws Exception {
    Files.createFile(launcher.path("broken"));
    Result failed = launcher.run(fakeJdk());
    assertThat(failed.status()).isEqualTo(2);
    assertThat(failed.output()).contains("burnish: the build failed");
    assertThat(state()).isEmpty();
    Files.delete(launcher.path("broken"));
    assertThat(launcher.run(fakeJdk()).status()).isZero();
    assertThat(launcher.numBuilds()).isEqualTo(2);
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    Files.createFile(launcher.path("hold"));
    Process first = launcher.start(fakeJdk(), "--version");
    Process second = launcher.start(fakeJdk(), "--version");
    Stream<Process> both = Stream.of(first, second);
    while (both.noneMatch(LauncherTest::saysThatItWaits)) {
      both = Stream.of(first, second);
      Thread.onSpinWait();
    }
    Files.delete(launcher.path("hold"));
    assertThat(Launcher.result(first).status()).isZero();
    assertThat(Launcher.result(second).status()).isZero();
    assertThat(launcher.numBuilds()).isOne();
  }

  @Test
  void takesOverTheLockOfAProcessThatDied() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Files.createDirectories(launcher.path(".burnish"));
    Files.createSymbolicLink(
        launcher.path(".burnish/build.lock"), Path.of(Long.toString(dead.pid())));
    assertThat(launcher.run(fakeJdk()).status()).isZero();
    assertThat(Files.isSymbolicLink(launcher.path(".burnish/build.lock"))).isFalse();
  }

  @Test
  void sumsTheReportsOfAllModulesAndFailsWithTheSuite() throws Exception {
    launcher.script(
        "mvnw",
        """
        #!/bin/sh
        for module in forge tensor; do
          mkdir -p $module/target/surefire-reports
          echo '<testsuite name="a" time="1" tests="7" errors="1" skipped="2" failures="1">' \
            >$module/target/surefire-reports/TEST-a.xml
        done
        exit 1
        """);
    Files.createDirectories(launcher.path("forge/target/surefire-reports"));
    Files.writeString(
        launcher.path("forge/target/surefire-reports/TEST-old.xml"),
        "<testsuite tests=\"100\" errors=\"0\" skipped=\"0\" failures=\"0\">");
    Result result = launcher.run("test");
    assertThat(result.status()).isOne();
    assertThat(result.output()).endsWith("4 skipped\n6 passed, 4 failed\n");
  }

  @Test
  void aBuildThatFailsOutsideTheTestsIsAFailure() throws Exception {
    launcher.script("mvnw", "#!/bin/sh\nexit 1\n");
    Result result = launcher.run("test");
    assertThat(result.status()).isOne();
    assertThat(result.output()).endsWith("0 passed, 1 failed\n");
  }

  @Test
  void writesNothingButTheProgramsOwnLinesToStandardError() throws Exception {
    launcher.run("--version");
    Result result = launcher.run("run", "no.java");
    assertThat(result.output()).startsWith("burnish: a script is").hasLineCount(1);
    assertThat(result.status()).isEqualTo(2);
  }

  @Test
  void passesArgumentsAsTheyAre() throws Exception {
    assertThat(launcher.run(fakeJdk(), "run", "a b", "", "c=d=*").output())
        .contains("dev.burnish.cli.Main run a b  c=d=*\n");
  }

  @Test
  void prefersJavaHomeThenPathThenTheUsualPlaces() throws Exception {
    String home = launcher.jdk("home", "25.0.3").toString();
    Path path = launcher.jdk("path", "26");
    String places = launcher.jdk("places/jdk-25", "25-ea").getParent() + "/*";
    launcher.jdk("places/jdk-17", "17.0.15");
    String withPath = path + "/bin:/usr/bin:/bin";
    Map<String, String> all =
        Map.of("JAVA_HOME", home, "PATH", withPath, "BURNISH_JDK_PLACES", places);
    assertThat(launcher.run(all).output()).contains("home ");
    Map<String, String> old =
        Map.of("JAVA_HOME", launcher.jdk("old", "24.0.1").toString(), "PATH", withPath);
    assertThat(launcher.run(old).output()).contains("path ");
    String tools = launcher.tools().toString();
    Map<String, String> none = Map.of("JAVA_HOME", "", "PATH", tools, "BURNISH_JDK_PLACES", places);
    assertThat(launcher.run(none).output()).contains("places/jdk-25 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "none/*"})
  void saysInOneLineWhatToInstallWithoutAJdk(String places) throws Exception {
    String tools = launcher.tools().toString();
    String absolute = places.isEmpty() ? "" : launcher.path(places).toString();
    Result result =
        launcher.run(Map.of("JAVA_HOME", "", "PATH", tools, "BURNISH_JDK_PLACES", absolute));
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.output()).hasLineCount(1).contains("install").contains("25");
  }

  @Test
  void worksThroughALinkAndInAFolderWithSpaces() throws Exception {
    Path spaced = Files.createDirectory(folder.resolve("a folder"));
    Launcher.in(spaced);
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("a folder/burnish"));
    Process process =
        new ProcessBuilder("sh", link.toString(), "--version").redirectErrorStream(true).start();
    Result result = Launcher.result(process);
    assertThat(result.output()).contains("burnish 0.1");
    assertThat(result.status()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "LC_ALL=C, C.UTF-8",
    "LC_ALL=POSIX, C.UTF-8",
    "'', C.UTF-8",
    "LANG=C, C.UTF-8",
    "LANG=xx_YY.UTF-8, C.UTF-8",
    "LC_ALL=xx_YY, C.UTF-8",
    "LC_CTYPE=C LANG=C.UTF-8, C.UTF-8",
    "LC_CTYPE=C.UTF-8 LANG=xx_YY, C.UTF-8",
    "LANG=C.UTF-8, ''",
    "LC_ALL=C.UTF-8, C.UTF-8",
  })
  void textIsUtf8WhereTheLocaleIsPosixOrNotInstalled(String locale, String expected)
      throws Exception {
    Map<String, String> environment = new HashMap<>(fakeJdk());
    Path jdk = Path.of(environment.get("JAVA_HOME"));
    launcher.script(
        launcher.path("").relativize(jdk.resolve("bin/java")).toString(),
        "#!/bin/sh\necho \"LC_ALL=${LC_ALL-}\"\n");
    List.of("LC_ALL", "LC_CTYPE", "LANG", "LANGUAGE").forEach(name -> environment.put(name, ""));
    for (String assignment : locale.isEmpty() ? new String[0] : locale.split(" ", -1)) {
      environment.put(assignment.split("=", 2)[0], assignment.split("=", 2)[1]);
    }
    assertThat(launcher.run(environment).output()).endsWith("LC_ALL=" + expected + "\n");
  }

  @Test
  void argumentsOutputAndNamesOfFilesAreUtf8InThePosixLocale() throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("résumé.java"),
            "void main(String... a) { IO.println(a[0] + java.nio.file.Files.exists(java.nio.file.Path.of(a[1]))); }");
    Map<String, String> posix = Map.of("LC_ALL", "C");
    launcher.run(posix, "--version");
    Result result = launcher.run(posix, "run", script.toString(), "xé漢😀", script.toString());
    assertThat(result.output()).isEqualTo("xé漢😀true\n");
  }

  @Test
  void numbersAreWrittenInAsciiInAnyLanguage() throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("Numbers.java"),
            "void main() { IO.println(\"%d %.2f %,d\".formatted(42, 1.5, 1000)); }");
    launcher.run("--version");
    for (String language : List.of("ar -Duser.country=EG", "de", "tr", "hi")) {
      Result result =
          launcher.run(
              Map.of("BURNISH_JAVA_OPTS", "-Duser.language=" + language), "run", script.toString());
      assertThat(result.output()).as(language).endsWith("42 1.50 1,000\n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "folder, folder",
    "'', fallback",
    "~, fallback",
    "relative, fallback",
    "/nonexistent/home, fallback",
    "/, fallback",
  })
  void whatLibrariesUnpackGoesToAFolderOfTheUser(String home, String expected) throws Exception {
    Map<String, String> environment = new HashMap<>(fakeJdk());
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Path user = Files.createDirectory(folder.resolve("user"));
    launcher.script("bin/getent", "#!/bin/sh\nexit 2\n");
    environment.put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
    environment.put("TMPDIR", temporary.toString());
    environment.put("HOME", home.equals("folder") ? user.toString() : home);
    Process uid = new ProcessBuilder("id", "-u").start();
    String fallback = temporary + "/burnish-" + uid.inputReader().readLine();
    String chosen = expected.equals("folder") ? user.toString() : fallback;
    assertThat(launcher.run(environment, "x").output()).contains("-Duser.home=" + chosen + " ");
    if (expected.equals("fallback")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(fallback))))
          .isEqualTo("rwx------");
      Files.setPosixFilePermissions(
          Path.of(fallback), PosixFilePermissions.fromString("rwxrwxrwx"));
      Result refused = launcher.run(environment, "x");
      assertThat(refused.status()).isEqualTo(2);
      assertThat(refused.output()).contains("set HOME");
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void aSignalEndsABuildAtOnceAndLeavesNothing(String signal, int status) throws Exception {
    Files.createFile(launcher.path("hold"));
    launcher.script(
        "mvnw", "#!/bin/sh\necho $$ >pid\necho started\nwhile [ -e hold ]; do sleep 0.05; done\n");
    Process process = launcher.start(fakeJdk(), "--version");
    String line = process.inputReader().readLine();
    while (!line.equals("started")) {
      line = process.inputReader().readLine();
    }
    Signals.send(signal, process.pid());
    assertThat(process.waitFor()).isEqualTo(status);
    assertThat(state()).isEmpty();
    long maven = Long.parseLong(Files.readString(launcher.path("pid")).strip());
    assertThat(ProcessHandle.of(maven).filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void mavenGoesThroughTheProxiesOfTheEnvironment() throws Exception {
    launcher.script(
        "mvnw",
        """
        #!/bin/sh
        file=${MAVEN_OPTS##*@}
        ls -l "$file" "$file.xml" | cut -c1-10
        cat "$file"
        [ "$2 $3" = "-gs $file.xml" ] && tr -d '\\n' <"$file.xml"
        exit 1
        """);
    Map<String, String> environment = new HashMap<>(fakeJdk());
    environment.put("HTTPS_PROXY", "http://me:p%40s\"s%3a%26@proxy.test:3128/");
    environment.put("http_proxy", "other.test");
    environment.put("NO_PROXY", ".intern.test, 10.0.0.0/8,local.test");
    Result result = launcher.run(environment, "--version");
    assertThat(result.output())
        .contains(
            "-rw-------\n-rw-------\n",
            "<settings><proxies><proxy><id>environment-https</id><protocol>https</protocol><host>proxy.test</host><port>3128</port><username>me</username><password>p@s\"s:&amp;</password><nonProxyHosts>intern.test|*.intern.test|local.test|*.local.test</nonProxyHosts></proxy></proxies></settings>",
            "-Daether.connector.http.useSystemProperties=true",
            "\"-Dhttps.proxyHost=proxy.test\"\n\"-Dhttps.proxyPort=3128\"\n\"-Dhttps.proxyUser=me\"\n\"-Dhttps.proxyPassword=p@s\\\"s:&\"",
            "\"-Dhttp.proxyHost=other.test\"\n\"-Dhttp.proxyPort=80\"\n",
            "\"-Dhttp.nonProxyHosts=intern.test|*.intern.test|local.test|*.local.test\"");
    assertThat(state()).isEmpty();
  }

  private Map<String, String> fakeJdk() throws IOException {
    return Map.of("JAVA_HOME", launcher.jdk("jdk", "25").toString());
  }

  private static boolean saysThatItWaits(Process process) {
    try {
      return process.getInputStream().available() > 0
          && process.inputReader().readLine().contains("waiting for process");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void touch(String relative) throws IOException {
    Files.setLastModifiedTime(launcher.path(relative), FileTime.from(Instant.now().plusMillis(1)));
  }

  private List<Path> state() throws IOException {
    try (Stream<Path> files = Files.list(launcher.path(".burnish"))) {
      return files.toList();
    }
  }
}
