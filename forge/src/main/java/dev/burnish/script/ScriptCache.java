package dev.burnish.script;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The classes of scripts, by a digest of all that they depend on: the source, the JDK and the
/// class path with the state of each of its files. One file a script, written whole or not at all;
/// the oldest go. Where it cannot be written, scripts are compiled each time.
final class ScriptCache {
  private static final int MAX_SCRIPTS = 32;

  private final Path folder;
  private final Path file;

  private ScriptCache(Path folder, String digest) {
    this.folder = folder;
    this.file = folder.resolve(digest);
  }

  static ScriptCache of(Path script) throws IOException {
    String home = System.getProperty("burnish.home", System.getProperty("java.io.tmpdir"));
    return new ScriptCache(Path.of(home, ".burnish", "scripts"), digest(script));
  }

  Optional<Map<String, byte[]>> load() throws IOException {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    Map<String, byte[]> classes = new LinkedHashMap<>();
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
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
    if (!Files.isWritable(nearestExisting(folder))) {
      return;
    }
    Files.createDirectories(folder);
    Path partial = Files.createTempFile(folder, "partial-", "");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(partial))) {
      out.writeInt(classes.size());
      for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
        out.writeUTF(entry.getKey());
        out.writeInt(entry.getValue().length);
        out.write(entry.getValue());
      }
    }
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    removeOldest();
  }

  private void removeOldest() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> oldest =
          files
              .sorted(Comparator.comparingLong(p -> -p.toFile().lastModified()))
              .skip(MAX_SCRIPTS)
              .toList();
      for (Path path : oldest) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static Path nearestExisting(Path path) {
    Path existing = path.toAbsolutePath();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    return existing;
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
