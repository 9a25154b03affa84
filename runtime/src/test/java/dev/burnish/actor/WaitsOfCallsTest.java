package dev.burnish.actor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.link.Link;
import dev.burnish.mesh.Job;
import dev.burnish.service.Service;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Code that a call may reach waits through [Waits], checked in the compiled classes.
class WaitsOfCallsTest {
  /// The methods that wait, by class.
  private static final Map<String, Set<String>> WAITING =
      Map.of(
          "java/util/concurrent/locks/Condition",
          Set.of("await", "awaitNanos", "awaitUntil", "awaitUninterruptibly"),
          "java/util/concurrent/CountDownLatch",
          Set.of("await"),
          "java/util/concurrent/locks/LockSupport",
          Set.of("park", "parkNanos", "parkUntil"),
          "java/util/concurrent/BlockingQueue",
          Set.of("take", "put"),
          "java/util/concurrent/LinkedBlockingQueue",
          Set.of("take", "put"),
          "java/util/concurrent/Semaphore",
          Set.of("acquire", "acquireUninterruptibly"),
          "java/util/concurrent/TimeUnit",
          Set.of("sleep", "timedWait", "timedJoin"),
          "java/lang/Thread",
          Set.of("sleep", "join"),
          "java/lang/Object",
          Set.of("wait"));

  private static Stream<Path> classes(Class<?> of) throws IOException, URISyntaxException {
    Path folder =
        Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve(of.getPackageName().replace('.', '/'));
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".class")).toList().stream();
    }
  }

  private static Stream<String> waits(Path file) {
    try {
      ClassModel type = ClassFile.of().parse(file);
      return type.methods().stream()
          .flatMap(method -> method.code().stream())
          .flatMap(code -> code.elementStream())
          .filter(InvokeInstruction.class::isInstance)
          .map(InvokeInstruction.class::cast)
          .filter(call ->
              WAITING
                  .getOrDefault(call.owner().asInternalName(), Set.of())
                  .contains(call.name().stringValue()))
          .map(call ->
              type.thisClass().asInternalName()
                  + " calls "
                  + call.owner().asInternalName()
                  + "."
                  + call.name().stringValue());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void nothingWaitsWithoutTellingItsThread() throws Exception {
    for (Class<?> of : List.of(Link.class, ActorSystem.class, Job.class, Service.class)) {
      assertThat(classes(of)).as("classes of %s", of.getPackageName()).hasSizeGreaterThan(20);
      assertThat(classes(of).flatMap(WaitsOfCallsTest::waits))
          .as("waits of %s that do not go through Waits", of.getPackageName())
          .isEmpty();
    }
  }

  @Test
  void aWaitIsFound() throws Exception {
    assertThat(
            classes(Waiting.class)
                .filter(file -> file.endsWith("WaitsOfCallsTest$Waiting.class"))
                .flatMap(WaitsOfCallsTest::waits))
        .hasSize(2);
  }

  /// Waits as nothing of ours may.
  private record Waiting(CountDownLatch latch) implements Runnable {
    @Override
    public void run() {
      LockSupport.park();
      try {
        latch.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
