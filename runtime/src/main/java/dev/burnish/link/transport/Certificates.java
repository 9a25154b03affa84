package dev.burnish.link.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/// Certificates in DER (X.509 version 1), which the JDK reads but does not create.
final class Certificates {
  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OID = 0x06;
  private static final int UTF8 = 0x0c;
  private static final int TIME = 0x18;
  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;

  /// 1.2.840.10045.4.3.2, ecdsa-with-SHA256.
  private static final byte[] ECDSA = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2};

  /// 2.5.4.3, common name.
  private static final byte[] COMMON_NAME = {0x55, 4, 3};

  private static final Duration VALID = Duration.ofDays(365);
  private static final Duration CLOCKS_DIFFER = Duration.ofDays(1);

  private Certificates() {}

  static byte[] selfSigned(KeyPair pair) throws GeneralSecurityException {
    Instant now = Instant.now();
    byte[] algorithm = der(SEQUENCE, der(OID, ECDSA));
    byte[] name =
        der(
            SEQUENCE,
            der(
                SET,
                der(SEQUENCE, der(OID, COMMON_NAME), der(UTF8, "burnish job".getBytes(US_ASCII)))));
    byte[] body =
        der(
            SEQUENCE,
            der(INTEGER, new BigInteger(127, new SecureRandom()).add(BigInteger.ONE).toByteArray()),
            algorithm,
            name,
            der(SEQUENCE, time(now.minus(CLOCKS_DIFFER)), time(now.plus(VALID))),
            name,
            pair.getPublic().getEncoded());
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(body);
    return der(SEQUENCE, body, algorithm, der(BIT_STRING, new byte[] {0}, signature.sign()));
  }

  private static byte[] time(Instant instant) {
    return der(
        TIME,
        DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'")
            .withZone(ZoneOffset.UTC)
            .format(instant)
            .getBytes(US_ASCII));
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >>> 8);
      out.write(length);
    }
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }
}
