package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
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
}
