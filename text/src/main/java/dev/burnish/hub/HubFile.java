package dev.burnish.hub;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// A file of a model as the hub describes it.
///
/// @param digest SHA-256 of large files, SHA-1 of the git blob of small ones, in hexadecimal
record HubFile(String name, String digest, long size) {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}|[0-9a-f]{40}");

  HubFile {
    if (!DIGEST.matcher(digest).matches()) {
      throw new HubException(
          "hub must give a SHA-256, or the SHA-1 of a git blob: file=%s, etag=%s"
              .formatted(name, digest));
    }
    if (size < 0) {
      throw new HubException("hub must give a size: file=%s, size=%d".formatted(name, size));
    }
  }

  /// Computes the digest of its input with this file's algorithm.
  final class Check {
    private final MessageDigest state;

    Check() {
      try {
        state = MessageDigest.getInstance(digest.length() == 64 ? "SHA-256" : "SHA-1");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-1 and SHA-256", e);
      }
      if (digest.length() == 40) {
        state.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
      }
    }

    void update(ByteBuffer bytes) {
      state.update(bytes);
    }

    /// @throws HubException where the content is not that of the file
    void requireMatch() {
      String actual = HexFormat.of().formatHex(state.digest());
      if (!actual.equals(digest)) {
        throw new HubException(
            "content must have the digest that the hub gives: file=%s, expected=%s, actual=%s; what came was removed, try again"
                .formatted(name, digest, actual));
      }
    }
  }
}
