package dev.burnish.link.transport;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// The certificate of a job and its key, made when the job starts. Its processes show this
/// certificate to each other and trust no other, so no other process can take part.
///
/// @param certificate X.509, DER
/// @param key PKCS #8
public record JobKeys(byte[] certificate, byte[] key) {
  private static final String ALIAS = "job";

  /// New keys, valid for a year.
  public static JobKeys create() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      return new JobKeys(Certificates.selfSigned(pair), pair.getPrivate().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes elliptic-curve keys", e);
    }
  }

  /// SHA-256 of the certificate.
  public byte[] fingerprint() {
    return fingerprint(certificate);
  }

  static byte[] fingerprint(byte[] certificate) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(certificate);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /// The job's TLS on a connection that was made.
  SSLSocket wrap(Socket plain, String address) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            context().getSocketFactory().createSocket(plain, address, plain.getPort(), true);
    speakOnly13(socket);
    socket.startHandshake();
    return socket;
  }

  /// A context of TLS 1.3 speaks older versions too.
  static void speakOnly13(SSLSocket socket) {
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
  }

  /// A connection to the process that shows the certificate with a fingerprint; this side shows
  /// none.
  ///
  /// @param address `host:port`
  /// @throws IOException if it cannot be reached, or is another
  public static SSLSocket connect(String address, byte[] fingerprint, Duration patience)
      throws IOException {
    Socket plain = new Socket();
    try {
      InetSocketAddress to = address(address);
      plain.connect(to, (int) patience.toMillis());
      plain.setSoTimeout((int) patience.toMillis());
      SSLSocket socket =
          (SSLSocket)
              pinned(fingerprint)
                  .getSocketFactory()
                  .createSocket(plain, to.getHostString(), to.getPort(), true);
      speakOnly13(socket);
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      plain.close();
      throw e;
    }
  }

  /// A context whose side shows the job's certificate, and trusts it alone.
  public SSLContext context() {
    try {
      X509Certificate own =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(certificate));
      PrivateKey secret =
          KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key));
      return context(new KeyManager[] {new OwnKey(own, secret)}, fingerprint());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the keys of a job are whole: " + e.getMessage(), e);
    }
  }

  /// A context that shows no certificate and trusts the one with a fingerprint.
  public static SSLContext pinned(byte[] fingerprint) {
    return context(new KeyManager[0], fingerprint);
  }

  private static SSLContext context(KeyManager[] own, byte[] fingerprint) {
    try {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(own, new TrustManager[] {new Pinned(fingerprint)}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS 1.3", e);
    }
  }

  /// `address:port` as a socket address.
  static InetSocketAddress address(String text) throws IOException {
    int colon = text.lastIndexOf(':');
    try {
      return new InetSocketAddress(
          text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new IOException("an address is host:port: address=" + text, e);
    }
  }

  static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(JobKeys.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a connection", e);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JobKeys keys
        && Arrays.equals(certificate, keys.certificate)
        && MessageDigest.isEqual(key, keys.key);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(certificate);
  }

  /// Without the key.
  @Override
  public String toString() {
    return "JobKeys[" + java.util.HexFormat.of().formatHex(fingerprint()) + "]";
  }

  private static final class Pinned extends X509ExtendedTrustManager {
    private final byte[] fingerprint;

    Pinned(byte[] fingerprint) {
      this.fingerprint = fingerprint;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
      if (chain.length == 0
          || !MessageDigest.isEqual(fingerprint, JobKeys.fingerprint(chain[0].getEncoded()))) {
        throw new CertificateException("the certificate is not that of the job");
      }
      chain[0].checkValidity();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static final class OwnKey extends X509ExtendedKeyManager {
    private final X509Certificate certificate;
    private final PrivateKey key;

    OwnKey(X509Certificate certificate, PrivateKey key) {
      this.certificate = certificate;
      this.key = key;
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {certificate};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }
}
