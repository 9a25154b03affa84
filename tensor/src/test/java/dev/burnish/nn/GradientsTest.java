package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.kernel.Output;
import dev.burnish.nn.Gradients.Written;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.MappedFile;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GradientsTest {
  @TempDir private Path folder = Path.of("");

  private TensorScope scope;
  private Optional<MappedFile> file = Optional.empty();
  private Gradients gradients;

  @BeforeEach
  void open() {
    scope = TensorScope.open();
    gradients =
        new Gradients(
            FlatLayout.of(
                List.of(
                    new ParameterSpec("a", 2, 3),
                    new ParameterSpec("b", 1, 3),
                    new ParameterSpec("c", 4),
                    new ParameterSpec("d", 2, 3))),
            Device.CPU);
  }

  @AfterEach
  void close() {
    gradients.free();
    scope.close();
    file.ifPresent(MappedFile::close);
  }

  /// Like reused memory: elements that are never written would show.
  private void poison() {
    long elements = gradients.size();
    MappedFile mapped = MappedFile.create(folder, MappedFile.rounded(4 * elements));
    gradients.placeInFile(mapped.allocate(DType.F32, elements).fill_(Double.NaN));
    file = Optional.of(mapped);
  }

  @Test
  void gradientsAreZeroWhereNothingWasAdded() {
    poison();
    Written written = gradients.written("a", 3, 3);
    assertThat(written.output()).isEqualTo(Output.OVERWRITE);
    written.view().fill_(7);
    gradients.of("c").add_(Tensor.of(new float[] {1, 2, 3, 4}, 4));
    assertThat(gradients.values().toFloatArray())
        .containsExactly(7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void whatIsThereIsAddedTo() {
    poison();
    gradients.written("a", 2, 3).view().fill_(5);
    assertThat(gradients.written("a", 2, 3).output()).isEqualTo(Output.ADD);
    gradients.of("b").fill_(2);
    Written both = gradients.written("a", 3, 3);
    assertThat(both.output()).isEqualTo(Output.ADD);
    assertThat(both.view().toFloatArray()).containsExactly(5, 5, 5, 5, 5, 5, 2, 2, 2);
  }

  @Test
  void ofNeighboursWithAndWithoutGradientsTheOthersAreZero() {
    poison();
    gradients.of("b").fill_(2);
    Written both = gradients.written("a", 3, 3);
    assertThat(both.output()).isEqualTo(Output.ADD);
    assertThat(both.view().toFloatArray()).containsExactly(0, 0, 0, 0, 0, 0, 2, 2, 2);
  }

  @Test
  void freedGradientsBeginWithZeroAgain() {
    poison();
    gradients.written("d", 2, 3).view().fill_(1);
    gradients.free();
    assertThat(gradients.exist()).isFalse();
    assertThat(gradients.written("d", 2, 3).output()).isEqualTo(Output.OVERWRITE);
  }

  @Test
  void frozenParametersHaveNoPlaceInTheBuffer() {
    gradients.freezeOnly(Set.of("b"));
    poison();
    gradients.written("d", 2, 3).view().fill_(3);
    assertThat(gradients.of("b").toFloatArray()).containsExactly(0, 0, 0);
    assertThat(gradients.values().toFloatArray())
        .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3);
    gradients.freeze();
    assertThatThrownBy(gradients::values).hasMessageContaining("frozen parameters");
  }

  @Test
  void adoptsWhatAnotherProcessLeftInItsPlace() {
    gradients.freezeOnly(Set.of("b"));
    Tensor place = Tensor.zeros(DType.F32, Device.CPU, gradients.size());
    assertThatThrownBy(gradients::adopt).isInstanceOf(IllegalStateException.class);
    gradients.placeIn(place);
    place.fill_(3);
    gradients.adopt();
    assertThat(gradients.exist()).isTrue();
    assertThat(gradients.values().toFloatArray()).containsOnly(3);
    assertThatThrownBy(gradients::adopt).isInstanceOf(IllegalStateException.class);
    gradients.free();
    assertThat(gradients.of("a").toFloatArray()).containsOnly(0);
  }
}
