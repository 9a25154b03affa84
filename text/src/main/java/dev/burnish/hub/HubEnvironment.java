package dev.burnish.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The hub's settings in the environment, by the rules of the hub's own client. An empty variable
/// counts as not set.
///
/// Source: constants.py, utils/_auth.py and utils/_headers.py of huggingface_hub 1.1.
record HubEnvironment(Map<String, String> variables) {
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final Pattern VARIABLE = Pattern.compile("\\$(?:(\\w+)|\\{(\\w+)})");

  /// The address of the hub: `HF_ENDPOINT`.
  ///
  /// @throws IllegalArgumentException if it is no address
  URI endpoint() {
    String address = first("HF_ENDPOINT").orElse("https://huggingface.co");
    try {
      URI uri = URI.create(address);
      if (uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Said below, in our words.
    }
    throw new IllegalArgumentException(
        "hub.endpoint must be an http or https address: endpoint=%s; correct HF_ENDPOINT"
            .formatted(address));
  }

  /// Whether to use the cache alone: `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`.
  boolean offline() {
    return isTrue("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE");
  }

  /// The folder of models: `HF_HUB_CACHE`, else in the hub's folder.
  Path cache() {
    return first("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
        .map(this::expand)
        .orElseGet(() -> home().resolve("hub"));
  }

  /// The token that goes to the hub: `HF_TOKEN`, else what `hf auth login` keeps, unless
  /// `HF_HUB_DISABLE_IMPLICIT_TOKEN` says that none does.
  ///
  /// @throws IllegalArgumentException if it has a character that no token has
  Optional<String> token() {
    if (isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
      return Optional.empty();
    }
    for (String name : List.of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")) {
      Optional<String> token = first(name).flatMap(text -> token(name, text));
      if (token.isPresent()) {
        return token;
      }
    }
    Path file = first("HF_TOKEN_PATH").map(this::expand).orElseGet(() -> home().resolve("token"));
    try {
      return Files.isReadable(file) && Files.isRegularFile(file)
          ? token(file.toString(), Files.readString(file))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the token of the hub: file=" + file, e);
    }
  }

  /// Without showing it.
  private static Optional<String> token(String from, String text) {
    String token = text.replaceAll("[\\r\\n]", "").strip();
    if (!token.matches("[!-~]*")) {
      throw new IllegalArgumentException(
          "a token of the hub has letters, digits and signs of ASCII alone: from=%s; copy it again"
              .formatted(from));
    }
    return Optional.of(token).filter(t -> !t.isEmpty());
  }

  /// The hub's folder: `HF_HOME`, else in the user's folder of caches.
  private Path home() {
    return first("HF_HOME")
        .map(this::expand)
        .or(() -> first("XDG_CACHE_HOME").map(caches -> expand(caches).resolve("huggingface")))
        .orElseGet(() -> userHome().resolve(".cache").resolve("huggingface"));
  }

  private Path expand(String text) {
    String path =
        VARIABLE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(value(found)));
    return path.equals("~") || path.startsWith("~/")
        ? userHome().resolve(path.substring(Math.min(2, path.length())))
        : Path.of(path);
  }

  private String value(MatchResult found) {
    String name = Optional.ofNullable(found.group(1)).orElseGet(() -> found.group(2));
    return variables.getOrDefault(name, found.group());
  }

  /// `HOME` where it is a folder with a cache, or one that can have one; else that of the JVM, for
  /// which the launcher has looked; else a private one among temporary files.
  private Path userHome() {
    Optional<Path> home = first("HOME").map(Path::of).filter(HubEnvironment::isUsable);
    return home.or(() ->
            Optional.of(Path.of(System.getProperty("user.home", "")))
                .filter(path -> path.isAbsolute() && Files.isDirectory(path)))
        .orElseGet(HubEnvironment::temporary);
  }

  private static boolean isUsable(Path home) {
    return home.isAbsolute()
        && Files.isDirectory(home)
        && (Files.isWritable(home) || Files.isDirectory(home.resolve(".cache/huggingface")));
  }

  private static Path temporary() {
    try {
      Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      Path folder = Path.of(System.getProperty("java.io.tmpdir"), "burnish-" + user);
      if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          || !user.equals(Files.getAttribute(folder, "unix:uid"))) {
        throw new IllegalArgumentException(
            "the cache of models needs a folder of this user: folder=%s, which another one owns; set HF_HOME"
                .formatted(folder));
      }
      return folder;
    } catch (IOException | UnsupportedOperationException e) {
      throw new IllegalArgumentException(
          "the cache of models needs a folder: HOME is none (%s); set HF_HOME".formatted(e), e);
    }
  }

  private boolean isTrue(String... names) {
    return first(names).filter(v -> TRUE.contains(v.toUpperCase(Locale.ROOT))).isPresent();
  }

  private Optional<String> first(String... names) {
    return List.of(names).stream()
        .map(name -> variables.getOrDefault(name, ""))
        .filter(value -> !value.isEmpty())
        .findFirst();
  }
}
