package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.MappedFile;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
  private static final FlatLayout PART =
      FlatLayout.of(List.of(new ParameterSpec("a", 2, 3), new ParameterSpec("b", 4)));

  @TempDir private Path folder = Path.of("");

  @Test
  void aLayoutPlacesParametersOneAfterTheOther() {
    assertThat(PART.size()).isEqualTo(10);
    assertThat(PART.offset("b")).isEqualTo(6);
    assertThat(PART.names()).containsExactly("a", "b");
    assertThatThrownBy(() -> PART.offset("c"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name=c")
        .hasMessageContaining("[a, b]");
    List<ParameterSpec> twice = List.of(new ParameterSpec("a", 1), new ParameterSpec("a", 2));
    assertThatThrownBy(() -> FlatLayout.of(twice)).hasMessageContaining("name=a");
  }

  @Test
  void publishingGivesAVersionAndIsSeenEvenIfTheVersionIsTheSame() {
    try (Weights weights = Weights.zeros(List.of(PART), Device.CPU)) {
      assertThat(weights.version()).isZero();
      long before = weights.changes();
      weights.publish(7);
      assertThat(weights.version()).isEqualTo(7);
      assertThat(weights.changes()).isNotEqualTo(before);
      before = weights.changes();
      weights.publish(7);
      assertThat(weights.changes()).isNotEqualTo(before);
    }
  }

  @Test
  void memoryOfOthersIsReadWhereItIsAndStaysTheirs() {
    try (TensorScope _ = TensorScope.open();
        MappedFile file = MappedFile.create(folder, MappedFile.rounded(40))) {
      Tensor mapped = file.allocate(DType.F32, 10);
      Weights weights = Weights.over(List.of(PART), List.of(mapped), 3);
      Parameters part = Parameters.of(weights, 0);
      mapped.fill_(2);
      assertThat(part.value("b").toFloatArray()).containsExactly(2, 2, 2, 2);
      assertThat(weights.version()).isEqualTo(3);
      part.close();
      weights.close();
      assertThat(mapped.toFloatArray()).hasSize(10).containsOnly(2);
    }
  }

  @Test
  void memoryThatDoesNotFitTheLayoutIsRefused() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor tooShort = Tensor.zeros(DType.F32, Device.CPU, 9);
      Tensor otherType = Tensor.zeros(DType.BF16, Device.CPU, 10);
      Tensor strided = Tensor.zeros(DType.F32, Device.CPU, 10, 2).narrow(1, 0, 1).view(10);
      for (Tensor wrong : List.of(tooShort, otherType, strided)) {
        assertThatThrownBy(() -> Weights.over(List.of(PART), List.of(wrong), 1))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("part=0")
            .hasMessageContaining("size=10");
      }
      assertThatThrownBy(() -> Weights.over(List.of(PART), List.of(), 1))
          .hasMessageContaining("parts=1 tensors=0");
    }
  }
}
