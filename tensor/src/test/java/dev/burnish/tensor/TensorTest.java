package dev.burnish.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TensorTest {
  @Test
  void aScopeFreesWhatWasMadeInItButForWhatIsKept() {
    Tensor outer = Tensor.of(new float[] {1, 2}, 2);
    Tensor kept;
    Tensor freed;
    try (TensorScope scope = TensorScope.open()) {
      freed = outer.add(1);
      kept = scope.keep(outer.mul(3));
    }
    assertThat(freed.isClosed()).isTrue();
    assertThat(kept.toFloatArray()).containsExactly(3, 6);
    assertThatThrownBy(freed::toFloatArray).hasMessageContaining("after it was closed");
    kept.close();
    outer.close();
  }

  @Test
  void keepMovesToTheEnclosingScope() {
    Tensor kept;
    try (TensorScope _ = TensorScope.open()) {
      try (TensorScope inner = TensorScope.open()) {
        kept = inner.keep(Tensor.of(new float[] {1}, 1));
      }
      assertThat(kept.isClosed()).isFalse();
    }
    assertThat(kept.isClosed()).isTrue();
  }

  @Test
  @SuppressWarnings("try") // closed by hand on purpose, from the wrong thread
  void aScopeIsClosedByTheThreadThatOpenedIt() throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    try (TensorScope scope = TensorScope.open()) {
      Thread other =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  scope.close();
                } catch (IllegalStateException e) {
                  failure.set(e);
                }
              });
      other.join();
    }
    assertThat(failure.get()).hasMessageContaining("on the thread that opened them");
  }

  @Test
  void tellsTheShapesOfARefusedOperationInOneLine() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor a = Tensor.of(new float[6], 2, 3);
      Tensor b = Tensor.of(new float[4], 2, 2);
      assertThatThrownBy(() -> a.matmul(b))
          .isInstanceOf(TensorException.class)
          .hasMessageStartingWith("matmul(F32[2, 3], F32[2, 2]): ")
          .message()
          .doesNotContain("\n")
          .doesNotContain("frame #");
    }
  }

  @Test
  void refusesAShapeThatDoesNotHoldItsValues() {
    assertThatThrownBy(() -> Tensor.of(new float[5], 2, 3))
        .hasMessageContaining("shape=[2, 3] values=5");
  }

  @Test
  void viewsShareMemoryAndKnowTheirStrides() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor matrix = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      Tensor column = matrix.narrow(1, 1, 1);
      assertThat(column.stride(0)).isEqualTo(3);
      column.fill_(9);
      assertThat(matrix.toFloatArray()).containsExactly(1, 9, 3, 4, 9, 6);
      assertThatThrownBy(column::segment).hasMessageContaining("contiguous");
    }
  }

  @Test
  void autogradFollowsOperations() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.of(new float[] {1, 2, 3}, 3).requiresGrad();
      x.square().sum().backward();
      assertThat(x.grad().toFloatArray()).containsExactly(2, 4, 6);
    }
  }

  @Test
  void dtypesSurviveTheWayToTheLibraryAndBack() {
    try (TensorScope _ = TensorScope.open()) {
      for (DType dtype : DType.values()) {
        assertThat(Tensor.empty(dtype, Device.CPU, 2).dtype()).isEqualTo(dtype);
      }
    }
  }
}
