package dev.burnish.engine.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;

/// Which server generates for a run, in place of its own generators.
///
/// @param kind of the server
/// @param url where it listens, such as `http://host:8000`, without `/v1`; empty: no server, the
///   run has generators of its own
/// @param model name under which it serves the policy; empty for the only one
/// @param keyVariable environment variable with the server's API key; empty for none
/// @param folder that the server sees under the same path, for the weights of each version
/// @param seconds that a request may take, retries included
/// @param requests under way at a time
/// @param seeds whether each request carries a seed
public record ServerSettings(
    Kind kind,
    String url,
    String model,
    String keyVariable,
    String folder,
    double seconds,
    int requests,
    Seeds seeds) {
  /// The servers that are known.
  public enum Kind {
    /// `burnish serve`: tokens and logprobs are those of a generator in this process. Its weights
    /// stay those that it was started with.
    BURNISH,
    /// vLLM 0.10.2 or later; with `VLLM_SERVER_DEV_MODE=1` for new weights, and `--logprobs-mode
    /// processed_logprobs` for logprobs of the tempered distribution.
    VLLM,
    /// SGLang's own interface.
    SGLANG
  }

  /// The seeds of requests.
  public enum Seeds {
    /// One per prompt, from the run's: the same request gives the same tokens where the engine
    /// allows it.
    EACH,
    /// None: for engines that are slow with seeds, or fail.
    NONE
  }

  public ServerSettings {
    require(
        seconds > 0 && seconds <= 1e6,
        "server.seconds must be above 0 and at most a million: seconds=" + seconds);
    require(requests >= 1, "server.requests must be at least 1: requests=" + requests);
    require(
        url.isEmpty() || isHttp(url),
        "server.url must be like http://host:8000: url=%s".formatted(url));
    require(
        url.isEmpty() || kind == Kind.BURNISH || !folder.isEmpty(),
        "server.folder must be a folder that the server sees under the same path: folder is not set; new weights go there");
  }

  /// No server.
  public static ServerSettings none() {
    return new ServerSettings(Kind.VLLM, "", "", "", "", 600, 64, Seeds.EACH);
  }

  /// A server, with the other settings' defaults.
  public static ServerSettings of(Kind kind, URI url, Path folder) {
    return new ServerSettings(kind, url.toString(), "", "", folder.toString(), 600, 64, Seeds.EACH);
  }

  /// Whether a server generates.
  public boolean isSet() {
    return !url.isEmpty();
  }

  private static boolean isHttp(String url) {
    try {
      URI uri = new URI(url);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
