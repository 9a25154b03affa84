package dev.burnish.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.nn.Parameters.Spec;
import dev.burnish.nn.Parameters.Written;
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

class ParametersTest {
  @TempDir private Path folder = Path.of("");

  private TensorScope scope;
  private Optional<MappedFile> file = Optional.empty();
  private Parameters parameters;

  @BeforeEach
  void open() {
    scope = TensorScope.open();
    parameters =
        new Parameters(
            Device.CPU,
            List.of(
                new Spec("a", 2, 3), new Spec("b", 1, 3), new Spec("c", 4), new Spec("d", 2, 3)));
  }

  @AfterEach
  void close() {
    parameters.close();
    scope.close();
    file.ifPresent(MappedFile::close);
  }

  /// As memory that was used before: what nobody writes would be seen.
  private void poison() {
    long elements = parameters.numGradients();
    MappedFile mapped = MappedFile.create(folder, MappedFile.rounded(4 * elements));
    parameters.placeGradients(mapped.allocate(DType.F32, elements).fill_(Double.NaN));
    file = Optional.of(mapped);
  }

  @Test
  void gradientsAreZeroWhereNothingWasAdded() {
    poison();
    Written written = parameters.written("a", 3, 3);
    assertThat(written.add()).isFalse();
    written.view().fill_(7);
    parameters.gradient("c").add_(Tensor.of(new float[] {1, 2, 3, 4}, 4));
    assertThat(parameters.gradients().toFloatArray())
        .containsExactly(7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void whatIsThereIsAddedTo() {
    poison();
    parameters.written("a", 2, 3).view().fill_(5);
    assertThat(parameters.written("a", 2, 3).add()).isTrue();
    parameters.gradient("b").fill_(2);
    Written both = parameters.written("a", 3, 3);
    assertThat(both.add()).isTrue();
    assertThat(both.view().toFloatArray()).containsExactly(5, 5, 5, 5, 5, 5, 2, 2, 2);
  }

  @Test
  void ofNeighboursWithAndWithoutGradientsTheOthersAreZero() {
    poison();
    parameters.gradient("b").fill_(2);
    Written both = parameters.written("a", 3, 3);
    assertThat(both.add()).isTrue();
    assertThat(both.view().toFloatArray()).containsExactly(0, 0, 0, 0, 0, 0, 2, 2, 2);
  }

  @Test
  void freedGradientsBeginAnew() {
    poison();
    parameters.written("d", 2, 3).view().fill_(1);
    parameters.freeGradients();
    assertThat(parameters.hasGradients()).isFalse();
    assertThat(parameters.written("d", 2, 3).add()).isFalse();
  }

  @Test
  void whatIsHeldFixedHasNoPlaceAmongThem() {
    parameters.holdFixed(Set.of("b"));
    poison();
    parameters.written("d", 2, 3).view().fill_(3);
    assertThat(parameters.gradient("b").toFloatArray()).containsExactly(0, 0, 0);
    assertThat(parameters.gradients().toFloatArray())
        .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3);
    parameters.freeze();
    assertThatThrownBy(parameters::gradients).hasMessageContaining("frozen parameters");
  }
}
