package dev.burnish.store.tensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The files that a reader opens for all that it holds.
class HeldFilesTest {
  private static final int NUM_PUTS = 300;
  private static final int MAX_OPEN = 128;

  private static void putAll(TensorStore store, List<String> keys, long plus) {
    try (TensorScope _ = TensorScope.open()) {
      for (int i = 0; i < keys.size(); i++) {
        store.put(keys.get(i), Parts.numbered(List.of(3L), 1000L * i + plus));
      }
    }
  }

  @Test
  void aReaderOfManyPutsOpensSomeFilesAndHoldsAll() throws IOException {
    List<String> keys = IntStream.range(0, NUM_PUTS).mapToObj(i -> "key" + i).toList();
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS));
        TensorStore store =
            new TensorStore(
                job.hosts()
                    .spawnProcs(Map.of("procs", 1))
                    .spawn("catalogue", Catalogue.class, MemoryCatalogue::new)
                    .only())) {
      putAll(store, keys, 0);
      long before = numRegions();
      try (Snapshot held = store.open(keys)) {
        assertThat(numRegions() - before).isLessThanOrEqualTo(MAX_OPEN);
        putAll(store, keys, 100);
        putAll(store, keys, 200);
        for (int i = 0; i < NUM_PUTS; i++) {
          try (Tensor read = held.get(keys.get(i))) {
            assertThat(Parts.elements(read)).startsWith(1000L * i, 1000L * i + 1);
          }
        }
      }
      Map<String, Tensor> read = store.getAll(keys);
      for (int i = 0; i < NUM_PUTS; i++) {
        try (Tensor tensor = Objects.requireNonNull(read.get("key" + i))) {
          assertThat(Parts.elements(tensor)).startsWith(1000L * i + 200);
        }
      }
    }
  }

  private static long numRegions() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.filter(HeldFilesTest::isRegion).count();
    }
  }

  private static boolean isRegion(Path file) {
    try {
      String target = Files.readSymbolicLink(file).toString();
      return target.contains("burnish-region-") || target.startsWith("/dev/shm/#");
    } catch (IOException e) {
      return false;
    }
  }
}
