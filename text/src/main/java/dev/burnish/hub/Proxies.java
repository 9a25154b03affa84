package dev.burnish.hub;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The proxies of the environment, by the rules of Python's clients: `https_proxy`, `http_proxy`
/// and `all_proxy`, small letters before capitals, and the hosts of `no_proxy` that need none. Java
/// reads none of these variables.
///
/// Source: urllib.request.getproxies_environment and proxy_bypass_environment of Python 3.13;
/// networks such as `10.0.0.0/8` as requests has them.
final class Proxies extends ProxySelector {
  private final Map<String, String> variables;

  Proxies(Map<String, String> variables) {
    this.variables = variables;
  }

  /// @param user what goes before the `@`, decoded; empty where there is none
  record Address(String variable, String host, int port, String user) {
    /// The header that makes the user known, where there is one.
    Optional<String> authorization() {
      return Optional.of(user)
          .filter(text -> !text.isEmpty())
          .map(text -> "Basic " + Base64.getEncoder().encodeToString(text.getBytes(UTF_8)));
    }

    /// Without the password.
    @Override
    public String toString() {
      return "%s:%s of %s".formatted(host, Integer.toString(port), variable);
    }
  }

  /// The proxy on the way to an address, if one is.
  ///
  /// @throws IllegalArgumentException if the variable that says so holds no address of a proxy
  Optional<Address> of(URI uri) {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (bypasses(uri, first("no_proxy").map(Map.Entry::getValue).orElse(""))) {
      return Optional.empty();
    }
    return first(scheme + "_proxy", "all_proxy").map(Proxies::parse);
  }

  /// The first variable with a value. That of CGI, which a client can set, is none.
  private Optional<Map.Entry<String, String>> first(String... names) {
    return Stream.of(names)
        .flatMap(name -> Stream.of(name, name.toUpperCase(Locale.ROOT)))
        .filter(name -> !(name.equals("HTTP_PROXY") && variables.containsKey("REQUEST_METHOD")))
        .filter(name -> !variables.getOrDefault(name, "").isBlank())
        .map(name -> Map.entry(name, variables.getOrDefault(name, "").strip()))
        .findFirst();
  }

  private static Address parse(Map.Entry<String, String> variable) {
    String text = variable.getValue();
    String full = text.contains("://") ? text : "http://" + text;
    String rest = full.substring(full.indexOf("://") + 3).replaceFirst("/.*", "");
    int at = rest.lastIndexOf('@');
    String shown = full.substring(0, full.indexOf("://") + 3) + rest.substring(at + 1);
    if (!full.regionMatches(true, 0, "http://", 0, 7)) {
      throw new IllegalArgumentException(
          "a proxy is reached over http: %s=%s; give http://host:port, which also carries https"
              .formatted(variable.getKey(), shown));
    }
    try {
      URI uri = new URI("http://" + rest.substring(at + 1));
      if (uri.getHost() != null) {
        String user = at < 0 ? "" : rest.substring(0, at).replace("+", "%2B");
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        return new Address(
            variable.getKey(), bare(uri.getHost()), port, URLDecoder.decode(user, UTF_8));
      }
    } catch (java.net.URISyntaxException | IllegalArgumentException e) {
      // Said below, without the password.
    }
    throw new IllegalArgumentException(
        "a proxy is an address: %s=%s; give http://[user:password@]host:port, with signs in the password as %%40"
            .formatted(variable.getKey(), shown));
  }

  private static boolean bypasses(URI uri, String noProxy) {
    String host = bare(String.valueOf(uri.getHost())).toLowerCase(Locale.ROOT);
    int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
    return Stream.of(noProxy.toLowerCase(Locale.ROOT).split("[,\\s]+", -1))
        .filter(entry -> !entry.isEmpty())
        .anyMatch(entry -> matches(entry, host, port));
  }

  private static boolean matches(String entry, String host, int port) {
    if (entry.equals("*")) {
      return true;
    }
    if (entry.contains("/")) {
      return inNetwork(host, entry);
    }
    String name = bare(entry).replaceFirst("^\\*?\\.", "");
    String withPort = host + ":" + port;
    return Stream.of(host, withPort).anyMatch(h -> h.equals(name) || h.endsWith("." + name));
  }

  private static boolean inNetwork(String host, String network) {
    try {
      byte[] address = InetAddress.ofLiteral(host).getAddress();
      int slash = network.indexOf('/');
      byte[] base = InetAddress.ofLiteral(bare(network.substring(0, slash))).getAddress();
      int bits = Integer.parseInt(network.substring(slash + 1));
      if (base.length != address.length || bits < 0 || bits > 8 * base.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> (bit % 8);
        if ((address[bit / 8] & mask) != (base[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    } catch (IllegalArgumentException e) {
      return false; // a name is in no network, and a network that is none holds nothing
    }
  }

  /// Of an address of IP version 6, without its brackets.
  private static String bare(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  @Override
  public List<Proxy> select(URI uri) {
    return List.of(
        of(uri)
            .map(proxy ->
                new Proxy(
                    Proxy.Type.HTTP,
                    InetSocketAddress.createUnresolved(proxy.host(), proxy.port())))
            .orElse(Proxy.NO_PROXY));
  }

  @Override
  public void connectFailed(URI uri, SocketAddress proxy, IOException failure) {}
}
