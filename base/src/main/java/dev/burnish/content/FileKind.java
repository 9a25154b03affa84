package dev.burnish.content;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/// Kinds of files that are easily mistaken for another: a clone without Git LFS holds pointers, a
/// download without a token a web page, a renamed model another format.
public enum FileKind {
  EMPTY("an empty file", "fetch or write it again"),
  GIT_LFS_POINTER(
      "a pointer of Git LFS, not the file itself",
      "run git lfs pull in its folder, or download the file"),
  WEB_PAGE("a web page (HTML)", "the download needs another address, or a token: fetch it again"),
  GGUF("a GGUF file", "call it .gguf"),
  SAFETENSORS("a safetensors file", "call it .safetensors"),
  PARQUET("a Parquet file", "call it .parquet"),
  ZIP("a zip archive, as torch.save writes", "unpack it, or save the model as safetensors"),
  PICKLE("a pickle of Python", "save the model as safetensors"),
  GZIP("packed by gzip", "unpack it with gunzip"),
  ZSTANDARD("packed by Zstandard", "unpack it with zstd -d");

  private static final int HEAD = 512;
  private static final String LFS = "version https://git-lfs.github.com/spec/";

  private final String name;
  private final String cure;

  FileKind(String name, String cure) {
    this.name = name;
    this.cure = cure;
  }

  /// The kind of a file that begins with these bytes; empty where it is none of these.
  public static Optional<FileKind> of(byte[] head) {
    if (head.length == 0) {
      return Optional.of(EMPTY);
    }
    String text = new String(head, 0, Math.min(head.length, HEAD), StandardCharsets.ISO_8859_1);
    String begin = text.stripLeading().toLowerCase(Locale.ROOT);
    if (text.startsWith(LFS)) {
      return Optional.of(GIT_LFS_POINTER);
    }
    if (begin.startsWith("<!doctype html") || begin.startsWith("<html")) {
      return Optional.of(WEB_PAGE);
    }
    return byMagic(text);
  }

  private static Optional<FileKind> byMagic(String text) {
    if (text.startsWith("GGUF")) {
      return Optional.of(GGUF);
    }
    if (text.startsWith("PAR1")) {
      return Optional.of(PARQUET);
    }
    if (text.startsWith("PK\3\4")) {
      return Optional.of(ZIP);
    }
    if (text.startsWith("\37\213")) {
      return Optional.of(GZIP);
    }
    if (text.startsWith("\50\265\57\375")) {
      return Optional.of(ZSTANDARD);
    }
    // A length of eight bytes, little endian, of which the last are zero, and a JSON object.
    if (text.length() > 9 && text.startsWith("\0\0\0{\"", 5)) {
      return Optional.of(SAFETENSORS);
    }
    return text.startsWith("\200\2") || text.startsWith("\200\4")
        ? Optional.of(PICKLE)
        : Optional.empty();
  }

  /// The kind of a file; empty where it is none of these.
  public static Optional<FileKind> of(Path file) throws IOException {
    try (InputStream input = Files.newInputStream(file)) {
      return of(input.readNBytes(HEAD));
    }
  }

  /// The name of the kind, for messages: `a pointer of Git LFS, not the file itself`.
  public String said() {
    return name;
  }

  /// The remedy, for messages.
  public String cure() {
    return cure;
  }
}
