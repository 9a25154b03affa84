package dev.burnish.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A process that only reads and judges text starts without libtorch: the class path of this
/// module, which is the smallest one with tokenizers, has no such library.
class LightClassPathTest {
  @Test
  void theClassPathNamesNoLibraryOfTensors() {
    List<String> names =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).getFileName().toString())
            .toList();
    // If the JVM did not use this list, it would not name this class either.
    assertThat(names).anyMatch(name -> name.startsWith("tokenizers-"));
    assertThat(names)
        .noneMatch(name -> name.startsWith("pytorch-"))
        .noneMatch(name -> name.startsWith("openblas-"))
        .noneMatch(name -> name.startsWith("javacpp-"))
        .noneMatch(name -> name.startsWith("burnish-tensor"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.bytedeco.pytorch.Tensor",
        "org.bytedeco.openblas.global.openblas",
        "org.bytedeco.javacpp.Loader",
        "dev.burnish.tensor.Tensor"
      })
  void aClassOfTensorsIsNotThere(String name) {
    assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
  }
}
