package dev.burnish.mesh.host;

import java.security.SecureRandom;
import java.util.HexFormat;

/// The data that a host needs to join a job: where the controller takes hosts in, the certificate
/// to expect there, and a secret to show. As text on one line, for a file that only the user reads.
///
/// @param address `host:port`
/// @param fingerprint SHA-256 of the job's certificate
public record JoinTicket(String address, byte[] fingerprint, byte[] secret) {
  /// Bytes of a secret.
  static final int SECRET = 32;

  static byte[] newSecret() {
    byte[] secret = new byte[SECRET];
    new SecureRandom().nextBytes(secret);
    return secret;
  }

  /// Reads [#text()].
  ///
  /// @throws IllegalArgumentException if it is not a ticket
  public static JoinTicket parse(String text) {
    String[] parts = text.strip().split("#", -1);
    try {
      if (parts.length == 3) {
        return new JoinTicket(
            parts[0], HexFormat.of().parseHex(parts[1]), HexFormat.of().parseHex(parts[2]));
      }
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
    throw refused(new IllegalArgumentException("parts=" + parts.length));
  }

  private static IllegalArgumentException refused(IllegalArgumentException cause) {
    return new IllegalArgumentException(
        "a join ticket is address#fingerprint#secret: %s; copy what the controller wrote"
            .formatted(cause.getMessage()),
        cause);
  }

  /// One line.
  public String text() {
    HexFormat hex = HexFormat.of();
    return address + "#" + hex.formatHex(fingerprint) + "#" + hex.formatHex(secret);
  }

  /// Without the secret.
  @Override
  public String toString() {
    return "JoinTicket[" + address + "]";
  }
}
