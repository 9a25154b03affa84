package dev.burnish.hub;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A model on the hub at a revision: a branch, a tag or a commit.
record HubModel(String owner, String name, String revision) {
  private static final Pattern FORM =
      Pattern.compile(
          "hf:([A-Za-z0-9][A-Za-z0-9._-]{0,95})/([A-Za-z0-9][A-Za-z0-9._-]{0,95})(?:@([A-Za-z0-9][A-Za-z0-9._/-]{0,127}))?");

  /// @throws IllegalArgumentException where the text is not `hf:owner/name[@revision]`
  static HubModel parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches() || text.contains("..")) {
      throw new IllegalArgumentException(
          "model on the hub must be hf:owner/name or hf:owner/name@revision: model=" + text);
    }
    String revision = matcher.group(3);
    return new HubModel(matcher.group(1), matcher.group(2), revision == null ? "main" : revision);
  }

  /// `owner/name`.
  String id() {
    return owner + "/" + name;
  }

  /// Name of its folder in the cache.
  String folder() {
    return "models--" + owner + "--" + name;
  }

  String encodedRevision() {
    return encoded(revision);
  }

  static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public String toString() {
    return "hf:%s@%s".formatted(id(), revision);
  }
}
