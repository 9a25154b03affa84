package dev.burnish.agent;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The sessions that are open, by their keys, of which only digests are kept: a key is looked up by
/// its digest, so that the time of a lookup says nothing of the keys that there are. Thread-safe.
public final class AgentSessions {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int KEY_BYTES = 32;

  private final Map<String, AgentSession> open = new ConcurrentHashMap<>();

  AgentSessions() {}

  /// Gives a session a key that nobody can guess, until it is removed.
  String add(AgentSession session) {
    byte[] bytes = new byte[KEY_BYTES];
    RANDOM.nextBytes(bytes);
    String key = "sk-burnish-" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    open.put(digest(key), session);
    return key;
  }

  /// Ends the validity of a key.
  void remove(String key) {
    open.remove(digest(key));
  }

  /// The open session of a key.
  public Optional<AgentSession> find(String key) {
    return Optional.ofNullable(open.get(digest(key)));
  }

  private static String digest(String key) {
    try {
      byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
