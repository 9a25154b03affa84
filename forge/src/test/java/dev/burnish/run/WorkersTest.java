package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkersTest {
  @Test
  void aLoopOfAnotherKindMustComeBeforeTheFirstProcess() {
    try (Workers workers = new Workers()) {
      workers.options(JobOptions.named("run").with(Processes.THREADS));
      assertThat(workers.hosts().size()).isEqualTo(1);
      workers.processes(Processes.THREADS);
      assertThatThrownBy(() -> workers.processes(Processes.JVMS))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("loop.processes=JVMS started=THREADS")
          .hasMessageContaining("call run.loop first");
    }
  }

  @Test
  void objectsAreClosedTheLastOneFirstAlsoIfOneFails() {
    List<String> closed = new ArrayList<>();
    Workers workers = new Workers();
    workers.keep((AutoCloseable) () -> closed.add("first"));
    workers.keep("nothing to close");
    workers.keep(
        (AutoCloseable)
            () -> {
              throw new IOException("disk full");
            });
    workers.keep((AutoCloseable) () -> closed.add("last"));
    assertThatThrownBy(workers::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("disk full");
    assertThat(closed).containsExactly("last", "first");
    workers.close();
    assertThat(closed).hasSize(2);
  }
}
