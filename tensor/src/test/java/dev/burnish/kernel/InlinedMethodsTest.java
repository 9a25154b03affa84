package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// A vector that passes a call which C2 does not inline becomes an object, and the loop is several
/// times slower. C2 inlines methods of up to 35 bytes of code wherever they are called, and larger
/// ones only where its counts say that the call is frequent, which varies from process to process.
class InlinedMethodsTest {
  /// The JVM's `MaxInlineSize`.
  private static final int MOST_BYTES = 35;

  @Test
  void everyMethodThatPassesVectorsIsSmallEnoughToBeInlinedAnywhere() throws Exception {
    Map<String, Integer> sizes = new TreeMap<>();
    for (ClassModel type : kernels()) {
      for (MethodModel method : type.methods()) {
        if (method.methodType().stringValue().contains("Ljdk/incubator/vector/")) {
          method
              .code()
              .ifPresent(code ->
                  sizes.put(
                      type.thisClass().asInternalName() + "." + method.methodName().stringValue(),
                      ((CodeAttribute) code).codeLength()));
        }
      }
    }
    assertThat(sizes).containsKey("dev/burnish/kernel/VectorMath.exp");
    assertThat(sizes)
        .allSatisfy(
            (method, bytes) -> assertThat(bytes).as(method).isLessThanOrEqualTo(MOST_BYTES));
  }

  private static List<ClassModel> kernels() throws Exception {
    Path classes =
        Path.of(Lanes.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve("dev/burnish/kernel");
    try (Stream<Path> files = Files.list(classes)) {
      return files
          .filter(file -> file.toString().endsWith(".class"))
          .map(InlinedMethodsTest::parsed)
          .toList();
    }
  }

  private static ClassModel parsed(Path file) {
    try {
      return ClassFile.of().parse(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
