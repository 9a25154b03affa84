package dev.burnish.script;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.files.PrivateFolder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The classes of scripts, by a digest of all that they depend on: the source, the JDK and the
/// class path with the state of each of its files. One file per script, written whole or not at
/// all; the oldest are removed.
///
/// They are in a folder of the installation, and only if no other user can have written to it,
/// since its content is run. Otherwise, or if nothing can be written, and in a JVM that the
/// launcher did not start, scripts are compiled each time.
final class ScriptCache {
  private static final int MAX_SCRIPTS = 32;
  private static final int MAX_BYTES = 1 << 28;

  private final Optional<PrivateFolder> folder;
  private final String digest;

  private ScriptCache(Optional<PrivateFolder> folder, String digest) {
    this.folder = folder;
    this.digest = digest;
  }

  static ScriptCache of(Path script) throws IOException {
    return new ScriptCache(
        Optional.ofNullable(System.getProperty("burnish.home"))
            .flatMap(home -> folder(Path.of(home, ".burnish", "scripts"))),
        digest(script));
  }

  private static Optional<PrivateFolder> folder(Path path) {
    try {
      return Optional.of(PrivateFolder.make(path));
    } catch (IOException e) {
      System.getLogger(ScriptCache.class.getName())
          .log(System.Logger.Level.DEBUG, "scripts are compiled each time: {0}", e.toString());
      return Optional.empty();
    }
  }

  Optional<Map<String, byte[]>> load() throws IOException {
    if (folder.isEmpty() || !folder.get().hasFile(digest)) {
      return Optional.empty();
    }
    byte[] content = folder.get().read(digest, MAX_BYTES);
    Map<String, byte[]> classes = new LinkedHashMap<>();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(content))) {
      int numClasses = in.readInt();
      for (int i = 0; i < numClasses; i++) {
        String name = in.readUTF();
        int length = in.readInt();
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
          return Optional.empty();
        }
        classes.put(name, bytes);
      }
    } catch (EOFException e) {
      return Optional.empty();
    }
    return classes.isEmpty() ? Optional.empty() : Optional.of(classes);
  }

  void save(Map<String, byte[]> classes) throws IOException {
    if (folder.isEmpty()) {
      return;
    }
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(content)) {
      out.writeInt(classes.size());
      for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
        out.writeUTF(entry.getKey());
        out.writeInt(entry.getValue().length);
        out.write(entry.getValue());
      }
    }
    folder.get().write(digest, content.toByteArray());
    removeOldest(folder.get());
  }

  private static void removeOldest(PrivateFolder folder) throws IOException {
    Comparator<String> newestFirst =
        Comparator.comparingLong(name -> -folder.path().resolve(name).toFile().lastModified());
    List<String> oldest = folder.names().stream().sorted(newestFirst).skip(MAX_SCRIPTS).toList();
    for (String name : oldest) {
      folder.delete(name);
    }
  }

  private static String digest(Path script) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(Files.readAllBytes(script));
      digest.update(script.getFileName().toString().getBytes(UTF_8));
      digest.update(Runtime.version().toString().getBytes(UTF_8));
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        File file = new File(entry);
        digest.update((entry + file.length() + " " + file.lastModified()).getBytes(UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
