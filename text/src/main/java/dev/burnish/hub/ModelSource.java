package dev.burnish.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The location of a model's files: a folder, a `.gguf` or `.safetensors` file, or
/// `hf:owner/name[@revision]`.
///
/// A model of the hub is kept in the hub's own cache, shared with the original library. Downloads
/// run in parallel ranges, resume after an interruption, and are checked against the digests of the
/// hub; two processes that want one model take turns.
public final class ModelSource {
  private static final int MAX_LISTING = 16 << 20;
  private static final Set<String> SMALL =
      Set.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.jinja");
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final HubModel model;
  private final HubOptions options;
  private final HubCache cache;
  private final Proxies proxies;

  private ModelSource(HubModel model, HubOptions options, Proxies proxies) {
    this.model = model;
    this.options = options;
    this.proxies = proxies;
    this.cache = new HubCache(options.cache(), model);
  }

  /// The folder or file of `model`, fetched first where it is on the hub and not here.
  ///
  /// @throws IllegalArgumentException where there is no such folder or file, or the text has no
  ///   known form
  /// @throws HubException where the hub does not give it
  public static Path resolve(String model, HubOptions options) {
    return resolve(model, options, new Proxies(System.getenv()));
  }

  static Path resolve(String model, HubOptions options, Proxies proxies) {
    if (model.startsWith("hf:")) {
      return new ModelSource(HubModel.parse(model), options, proxies).resolve();
    }
    Path path = Path.of(model);
    boolean file = model.endsWith(".gguf") || model.endsWith(".safetensors");
    if (Files.isDirectory(path) || (file && Files.isRegularFile(path))) {
      return path;
    }
    throw new IllegalArgumentException(
        "model must be a folder, a .gguf file or hf:owner/name[@revision]: model=%s; %s"
            .formatted(
                model,
                Files.exists(path)
                    ? "this file is none of them"
                    : "there is no such folder or file" + from(path)));
  }

  /// Where a relative path begins.
  private static String from(Path path) {
    return path.isAbsolute() ? "" : " in " + Path.of("").toAbsolutePath();
  }

  private Path resolve() {
    try {
      return options.offline() ? cached() : fetched();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot use cache=%s for %s: %s".formatted(options.cache(), model, e), e);
    }
  }

  private Path cached() throws IOException {
    return snapshot()
        .orElseThrow(() ->
            new HubException(
                "model must be in the cache when offline: model=%s, cache=%s; unset HF_HUB_OFFLINE to fetch it"
                    .formatted(model, options.cache())));
  }

  /// The cached snapshot of the revision, if it is a whole model.
  private Optional<Path> snapshot() throws IOException {
    Optional<Path> snapshot = cache.commit(model.revision()).map(cache::snapshot);
    return snapshot.isPresent() && isComplete(snapshot.get()) ? snapshot : Optional.empty();
  }

  private static boolean isComplete(Path snapshot) throws IOException {
    if (!Files.isDirectory(snapshot)) {
      return false;
    }
    try (var files = Files.list(snapshot)) {
      Set<String> names = new TreeSet<>();
      files.filter(Files::exists).forEach(file -> names.add(file.getFileName().toString()));
      return names.contains(SINGLE)
          || (names.contains(INDEX) && names.containsAll(shards(snapshot.resolve(INDEX))))
          || names.stream().anyMatch(n -> n.endsWith(".gguf"));
    }
  }

  private static Set<String> shards(Path index) throws IOException {
    Set<String> shards = new TreeSet<>(Set.of(INDEX));
    try {
      JsonMapper.shared()
          .readTree(Files.readString(index))
          .path("weight_map")
          .forEach(shard -> shards.add(shard.asString("")));
    } catch (JacksonException e) {
      // The reader of the model reports what is wrong with it.
    }
    return shards;
  }

  /// A commit never changes; the hub resolves any other name, and if it does not answer, a cached
  /// model is used.
  private Path fetched() throws IOException {
    Optional<Path> known = snapshot();
    if (known.isPresent() && HubCache.isCommit(model.revision())) {
      return known.get();
    }
    JsonNode listing;
    try (HubClient client =
        new HubClient(known.isPresent() ? options.impatient() : options, proxies)) {
      listing = listing(client);
    } catch (HubException e) {
      if (known.isEmpty() || !e.cacheHelps()) {
        throw e;
      }
      options
          .progress()
          .notice("using %s of the cache as it was fetched: %s".formatted(model, e.getMessage()));
      return known.get();
    }
    return fetched(listing);
  }

  private Path fetched(JsonNode listing) throws IOException {
    try (HubClient client = new HubClient(options, proxies)) {
      String commit = listing.path("sha").asString("");
      if (!HubCache.isCommit(commit)) {
        throw new HubException("hub must name a commit: model=%s, sha=%s".formatted(model, commit));
      }
      Set<String> wanted = wanted(listing);
      cache.locked(() -> {
        for (String name : wanted) {
          if (!cache.has(commit, name)) {
            fetch(client, commit, name);
          }
        }
        cache.remember(model.revision(), commit);
      });
      return cache.snapshot(commit);
    }
  }

  private void fetch(HubClient client, String commit, String name) throws IOException {
    URI address =
        address("/%s/resolve/%s/%s".formatted(model.id(), commit, HubModel.encoded(name)));
    HubFile file = client.retrying("what " + name + " is", () -> describe(client, address, name));
    Path blob = cache.blob(file);
    if (!Files.exists(blob)) {
      new HubDownload(client, options, address, file, blob).run();
    }
    cache.link(commit, file);
  }

  /// Large files are described by headers of the redirect to where they are stored.
  private static HubFile describe(HubClient client, URI address, String name) throws IOException {
    HttpResponse<InputStream> response =
        client.send(
            "HEAD",
            address,
            "",
            r ->
                r.headers().firstValue("X-Linked-ETag").isPresent()
                    || r.headers()
                        .firstValue("Location")
                        .filter(to -> !client.isEndpoint(r.uri().resolve(to)))
                        .isPresent());
    response.body().close();
    HttpHeaders headers = response.headers();
    String tag =
        headers.firstValue("X-Linked-ETag").or(() -> headers.firstValue("ETag")).orElse("");
    String size =
        headers
            .firstValue("X-Linked-Size")
            .or(() -> headers.firstValue("Content-Length"))
            .orElse("");
    if (!size.matches("\\d{1,18}")) {
      throw new HubException("hub must give a size: file=%s, size=%s".formatted(name, size));
    }
    String digest = tag.replaceFirst("^W/", "").replace("\"", "");
    return new HubFile(name, digest, Long.parseLong(size));
  }

  private JsonNode listing(HubClient client) {
    URI address =
        address("/api/models/%s/revision/%s".formatted(model.id(), model.encodedRevision()));
    byte[] json =
        client.retrying(
            "the list of files of " + model,
            () -> {
              try (InputStream body = client.send("GET", address, "", r -> false).body()) {
                return body.readNBytes(MAX_LISTING);
              }
            });
    try {
      return JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw new HubException("hub must list files as JSON: address=" + address, e);
    }
  }

  /// The small files, and the weights in one form: safetensors whole, in shards, or one GGUF file.
  private Set<String> wanted(JsonNode listing) {
    Set<String> all = new TreeSet<>();
    for (JsonNode sibling : listing.path("siblings")) {
      String name = sibling.path("rfilename").asString("");
      if (name.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")) {
        all.add(name);
      }
    }
    Set<String> wanted = new TreeSet<>(all);
    wanted.retainAll(SMALL);
    List<String> ggufs = all.stream().filter(name -> name.endsWith(".gguf")).toList();
    if (all.contains(SINGLE)) {
      wanted.add(SINGLE);
    } else if (all.contains(INDEX)) {
      wanted.add(INDEX);
      all.stream().filter(ModelSource::isShard).forEach(wanted::add);
    } else if (ggufs.size() == 1) {
      wanted.addAll(ggufs);
    } else {
      throw new HubException(
          "model must have model.safetensors, its index and shards, or one .gguf file: model=%s, ggufFiles=%s; fetch the file that you want and name it"
              .formatted(model, ggufs));
    }
    return wanted;
  }

  private static boolean isShard(String name) {
    return name.matches("model-\\d+-of-\\d+\\.safetensors");
  }

  private URI address(String path) {
    String endpoint = options.endpoint().toString();
    return URI.create(
        (endpoint.endsWith("/") ? endpoint.substring(0, endpoint.length() - 1) : endpoint) + path);
  }
}
