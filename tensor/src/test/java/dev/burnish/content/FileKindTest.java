package dev.burnish.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.gguf.GgufFile;
import dev.burnish.model.LanguageModel;
import dev.burnish.safetensors.SafetensorsFile;
import dev.burnish.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FileKindTest {
  @TempDir Path folder;

  private static byte[] example(FileKind kind) {
    return switch (kind) {
      case EMPTY -> new byte[0];
      case GIT_LFS_POINTER ->
          "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
              .getBytes(StandardCharsets.UTF_8);
      case WEB_PAGE ->
          "\n<!DOCTYPE html>\n<html><title>Log in</title>".getBytes(StandardCharsets.UTF_8);
      case GGUF -> "GGUF\3\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
      case SAFETENSORS -> "\2\0\0\0\0\0\0\0{\"a\"".getBytes(StandardCharsets.ISO_8859_1);
      case PARQUET -> "PAR1\25\4".getBytes(StandardCharsets.ISO_8859_1);
      case ZIP -> "PK\3\4\0\0".getBytes(StandardCharsets.ISO_8859_1);
      case PICKLE -> HexFormat.of().parseHex("80026d");
      case GZIP -> HexFormat.of().parseHex("1f8b0800");
      case ZSTANDARD -> HexFormat.of().parseHex("28b52ffd04");
    };
  }

  @ParameterizedTest
  @EnumSource
  void isToldByTheFirstBytes(FileKind kind) throws Exception {
    Path file = Files.write(folder.resolve("any"), example(kind));

    assertThat(FileKind.of(file)).contains(kind);
    assertThat(kind.said()).isNotBlank();
    assertThat(kind.cure()).isNotBlank();
  }

  @Test
  void whatIsOfNoneOfTheseHasNoKind() {
    for (String text : new String[] {"{\"a\": 1}", "[1]", "version 1", "<think>", "\0", "G"}) {
      assertThat(FileKind.of(text.getBytes(StandardCharsets.UTF_8))).as(text).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyReaderNamesAnotherKind(FileKind kind) throws Exception {
    byte[] content =
        Arrays.copyOf(
            example(kind), Math.max(example(kind).length, kind == FileKind.EMPTY ? 0 : 64));
    Path weights = Files.write(folder.resolve("model.safetensors"), content);
    Path gguf = Files.write(folder.resolve("model.gguf"), content);
    for (String name : new String[] {"config.json", "tokenizer.json"}) {
      Files.write(folder.resolve(name), content);
    }

    if (kind != FileKind.SAFETENSORS) {
      assertThatThrownBy(() -> SafetensorsFile.open(weights))
          .hasMessageContaining("file must be safetensors, and is " + kind.said());
    }
    if (kind != FileKind.GGUF) {
      assertThatThrownBy(() -> GgufFile.open(gguf))
          .hasMessageContaining("file must be GGUF, and is " + kind.said());
    }
    assertThatThrownBy(() -> LanguageModel.load(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(kind.said());
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .hasMessageContaining("tokenizer.json of " + folder + " is " + kind.said());
  }
}
