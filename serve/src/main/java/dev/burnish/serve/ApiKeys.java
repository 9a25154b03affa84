package dev.burnish.serve;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;

/// The keys that requests may carry, of which only digests are kept.
final class ApiKeys {
  private static final String BEARER = "Bearer ";

  private final List<byte[]> digests;

  /// @param keys none: every request is let in
  ApiKeys(List<String> keys) {
    digests = keys.stream().map(ApiKeys::digest).toList();
  }

  /// Whether a request with that `Authorization` is let in. Takes the same time for every wrong
  /// key: digests are compared, all of them, whatever their first different byte.
  boolean admits(Optional<String> authorization) {
    if (digests.isEmpty()) {
      return true;
    }
    byte[] given =
        digest(
            authorization
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip())
                .orElse(""));
    boolean found = false;
    for (byte[] known : digests) {
      found |= MessageDigest.isEqual(known, given);
    }
    return found;
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
