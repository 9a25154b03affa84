package dev.burnish.data.files;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4FrameInputStream;

/// How a file is compressed: its first bytes tell it, whatever its name is.
public enum Compression {
  GZIP("1f8b", ".gz"),
  ZSTD("28b52ffd", ".zst"),
  LZ4("04224d18", ".lz4"),
  /// Not read.
  BZIP2("425a68", ".bz2"),
  /// Not read.
  XZ("fd377a585a00", ".xz"),
  /// Not read.
  ZIP("504b0304", ".zip"),
  /// Not read.
  SEVEN_ZIP("377abcaf271c", ".7z");

  private static final int LONGEST = 6;

  private final String beginning;
  private final String ending;

  Compression(String beginning, String ending) {
    this.beginning = beginning;
    this.ending = ending;
  }

  /// The bytes of a file, unpacked.
  ///
  /// @throws IOException if it cannot be read, is damaged, or is not packed as its name says
  /// @throws IllegalArgumentException if it is packed in a way that is not read
  public static InputStream open(Path file) throws IOException {
    var raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    try {
      raw.mark(LONGEST);
      byte[] start = raw.readNBytes(LONGEST);
      raw.reset();
      Optional<Compression> compression =
          List.of(values()).stream().filter(p -> p.begins(start)).findFirst();
      checkName(file, compression);
      return compression.isEmpty() ? raw : compression.get().unpacked(file, raw);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private boolean begins(byte... start) {
    return HexFormat.of().formatHex(start).startsWith(beginning);
  }

  /// Checks that a name that says how a file is packed is right.
  private static void checkName(Path file, Optional<Compression> compression) throws IOException {
    String name = file.toString();
    for (Compression named : List.of(GZIP, ZSTD, LZ4)) {
      if (name.endsWith(named.ending) && !compression.equals(Optional.of(named))) {
        throw new IOException(
            "its name says %s, and its bytes are %s: rename it"
                .formatted(named, compression.map(Object::toString).orElse("not packed so")));
      }
    }
  }

  private InputStream unpacked(Path file, InputStream raw) throws IOException {
    try {
      return switch (this) {
        case GZIP -> checked(new GZIPInputStream(raw));
        case ZSTD -> checked(new ZstdInputStream(raw));
        case LZ4 -> checked(new LZ4FrameInputStream(raw));
        case BZIP2, XZ, ZIP, SEVEN_ZIP ->
            throw new IllegalArgumentException(
                "a data file is packed with gzip, zstd or lz4, or not at all: data=%s is packed with %s; unpack it first"
                    .formatted(file, this));
      };
    } catch (IOException e) {
      throw damaged(e);
    }
  }

  private IOException damaged(IOException cause) {
    return new IOException("what is packed with %s is damaged or cut off".formatted(this), cause);
  }

  private InputStream checked(InputStream unpacked) {
    return new BufferedInputStream(new Checked(unpacked), 1 << 16);
  }

  /// Reports errors in packed bytes in our words.
  private final class Checked extends FilterInputStream {
    Checked(InputStream unpacked) {
      super(unpacked);
    }

    @Override
    public int read() throws IOException {
      try {
        return super.read();
      } catch (IOException e) {
        throw damaged(e);
      }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      try {
        return super.read(bytes, offset, length);
      } catch (IOException e) {
        throw damaged(e);
      }
    }
  }

  @Override
  public String toString() {
    return this == SEVEN_ZIP ? "7z" : name().toLowerCase(Locale.ROOT);
  }
}
