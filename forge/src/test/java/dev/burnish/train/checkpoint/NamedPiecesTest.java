package dev.burnish.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The parts of two models in one checkpoint.
class NamedPiecesTest {
  @TempDir private Path folder;

  private static Freeze parts(float... values) {
    Freeze.Source source =
        new Freeze.Source() {
          @Override
          public long bytes() {
            return 4L * values.length;
          }

          @Override
          public List<StoredTensor> open(Arena arena) {
            MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
            return List.of(new StoredTensor("values", DType.F32, new long[] {values.length}, data));
          }
        };
    return new Freeze(List.of(source, source), false, 1 << 20);
  }

  private static Map<String, Supplier<Pieces>> sources(
      Supplier<Pieces> ofPolicy, Supplier<Pieces> ofCritic) {
    Map<String, Supplier<Pieces>> sources = new LinkedHashMap<>();
    sources.put("", ofPolicy);
    sources.put("critic", ofCritic);
    return sources;
  }

  private static float[] read(Snapshot snapshot, int size) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor target = Tensor.of(new float[size], size);
      snapshot.copyTo(Freeze.pieceOf(1), Map.of("values", target));
      return target.toFloatArray();
    }
  }

  @Test
  void eachOwnerFindsItsOwnAgain() {
    Path place = folder.resolve("step-1");
    NamedPieces both = NamedPieces.take(sources(() -> parts(1, 2), () -> parts(3, 4, 5)));
    assertThat(both.count()).isEqualTo(4);
    Snapshot.write(
        place, 1, both, Map.of("trainer", new byte[] {1}, "critic-trainer", new byte[] {2}));
    Snapshot snapshot = Snapshot.open(place);
    Snapshot ofCritic = snapshot.ofOwner("critic");
    assertThat(read(snapshot, 2)).containsExactly(1, 2);
    assertThat(read(ofCritic, 3)).containsExactly(3, 4, 5);
    assertThat(snapshot.section("trainer")).hasValue(new byte[] {1});
    assertThat(ofCritic.section("trainer")).hasValue(new byte[] {2});
    assertThatThrownBy(() -> read(snapshot.ofOwner("judge"), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lacks piece=judge-part-001");
  }

  @Test
  void whereOneHasNothingToGiveTheOthersAreFree() {
    Freeze ofPolicy = parts(1);
    assertThatThrownBy(() ->
            NamedPieces.take(
                sources(
                    () -> ofPolicy,
                    () -> {
                      throw new IllegalStateException("not finite");
                    })))
        .hasMessage("not finite");
    assertThat(ofPolicy.isDone()).isTrue();
    Freeze closed = parts(1);
    NamedPieces.take(sources(() -> closed, () -> parts(2))).close();
    assertThat(closed.isDone()).isTrue();
  }
}
