package dev.burnish.text;

import dev.burnish.content.FileKind;
import dev.burnish.files.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The files of a tokenizer by name, as bytes, so that saving reproduces the loaded files.
///
/// @param origin where they come from, for messages
/// @param contents file name to content; `tokenizer.json` is always there
@SuppressWarnings("ArrayRecordComponent") // file contents are carried, not compared
public record TokenizerFiles(String origin, Map<String, byte[]> contents) {
  static final String TOKENIZER = "tokenizer.json";
  static final String CONFIG = "tokenizer_config.json";
  static final String TEMPLATE = "chat_template.jinja";
  private static final List<String> NAMES =
      List.of(
          TOKENIZER,
          CONFIG,
          TEMPLATE,
          "chat_template.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt");
  private static final long LARGEST_FILE = 256L << 20;

  public TokenizerFiles {
    contents = Map.copyOf(contents);
    if (!contents.containsKey(TOKENIZER)) {
      throw new TokenizerException(
          "%s has no %s; export the tokenizer with save_pretrained of a fast tokenizer"
              .formatted(origin, TOKENIZER));
    }
  }

  /// Checks that none of these files is of another known kind; an empty one is left to its reader
  /// to refuse.
  private static void refuseOther(Path directory, String name, byte[] content) {
    FileKind.of(content)
        .filter(kind -> kind != FileKind.EMPTY || name.endsWith(".json"))
        .ifPresent(kind -> {
          throw new TokenizerException(
              "%s of %s is %s; %s".formatted(name, directory, kind.said(), kind.cure()));
        });
  }

  /// Reads the tokenizer's files of a folder.
  ///
  /// @throws TokenizerException if there is no `tokenizer.json` or a file cannot be read
  public static TokenizerFiles read(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new TokenizerException(
          "no tokenizer at directory=%s, which is not a folder".formatted(directory));
    }
    Map<String, byte[]> contents = new TreeMap<>();
    for (String name : NAMES) {
      Path file = directory.resolve(name);
      try {
        long size = Files.size(file);
        if (size > LARGEST_FILE) {
          throw new TokenizerException(
              "file=%s of size=%d exceeds %d bytes, more than any tokenizer has"
                  .formatted(file, size, LARGEST_FILE));
        }
        byte[] content = Files.readAllBytes(file);
        refuseOther(directory, name, content);
        contents.put(name, content);
      } catch (NoSuchFileException absent) {
        // Each file except tokenizer.json, which the constructor demands, may be absent.
      } catch (IOException e) {
        throw new TokenizerException("cannot read file=%s: %s".formatted(file, e.getMessage()), e);
      }
    }
    return new TokenizerFiles(directory.toString(), contents);
  }

  /// Writes each file to the folder, whole or not at all.
  void write(Path directory) {
    contents.forEach((name, content) -> {
      Path target = directory.resolve(name);
      try {
        AtomicFile.write(target, content);
      } catch (UncheckedIOException e) {
        throw new TokenizerException(String.valueOf(e.getMessage()), e);
      }
    });
  }
}
