package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.sandbox.SystemCalls.Architecture;
import dev.burnish.sandbox.SystemCalls.Rule;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs the filter as the kernel does, by an interpreter of its instructions.
class SeccompFilterTest {
  private static final int EPERM = SeccompFilter.ERRNO | 1;
  private static final int ENOSYS = SeccompFilter.ERRNO | 38;
  private static final long NO_ARGUMENT = 0;

  /// The answer to a call whose arguments are all the same.
  private static int answer(Architecture filter, int architecture, int number, long argument) {
    ByteBuffer program =
        ByteBuffer.wrap(SeccompFilter.bytes(SystemCalls.of(filter))).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(0, number).putInt(4, architecture);
    for (int i = 0; i < 6; i++) {
      data.putLong(16 + 8 * i, argument);
    }
    int accumulator = 0;
    int next = 0;
    while (true) {
      int at = next++ * SeccompFilter.INSTRUCTION;
      int constant = program.getInt(at + 4);
      int ifTrue = program.get(at + 2) & 0xFF;
      int ifFalse = program.get(at + 3) & 0xFF;
      switch (program.getShort(at)) {
        case SeccompFilter.LOAD -> accumulator = data.getInt(constant);
        case SeccompFilter.AND -> accumulator &= constant;
        case SeccompFilter.JUMP -> next += constant;
        case SeccompFilter.JUMP_IF_EQUAL -> next += accumulator == constant ? ifTrue : ifFalse;
        case SeccompFilter.JUMP_IF_AT_LEAST ->
            next += Integer.compareUnsigned(accumulator, constant) >= 0 ? ifTrue : ifFalse;
        case SeccompFilter.RETURN -> {
          return constant;
        }
        default -> throw new AssertionError("no such instruction at " + at);
      }
    }
  }

  private static int answer(int number, long argument) {
    Architecture x86 = Architecture.X86_64;
    return answer(x86, x86.audit(), number, argument);
  }

  @ParameterizedTest
  @EnumSource
  void decidesOnEveryNumberAsTheListSays(Architecture architecture) {
    SystemCalls calls = SystemCalls.of(architecture);
    for (int number = 0; number < 1000; number++) {
      int answer = answer(architecture, architecture.audit(), number, 0xFFFF_FFFFL);
      switch (calls.rule(number)) {
        case Rule.Allow() -> assertThat(answer).isEqualTo(SeccompFilter.ALLOW);
        case Rule.Fail(int errno) -> assertThat(answer).isEqualTo(SeccompFilter.ERRNO | errno);
        case Rule.Check check ->
            assertThat(answer)
                .isEqualTo(
                    check.values().contains(check.mask())
                        ? SeccompFilter.ALLOW
                        : SeccompFilter.ERRNO | check.errno());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, read",
    "1, write",
    "9, mmap",
    "39, getpid",
    "59, execve",
    "202, futex",
    "231, exit_group"
  })
  void allowsWhatProgramsNeed(int number, String name) {
    assertThat(answer(number, NO_ARGUMENT)).as(name).isEqualTo(SeccompFilter.ALLOW);
  }

  @ParameterizedTest
  @CsvSource({
    "101, ptrace", "165, mount", "272, unshare", "308, setns", "310, process_vm_readv",
    "321, bpf", "425, io_uring_setup", "250, keyctl", "298, perf_event_open", "323, userfaultfd",
    "161, chroot", "227, clock_settime", "317, seccomp", "175, init_module", "135, personality"
  })
  void refusesWhatReachesTheKernel(int number, String name) {
    assertThat(answer(number, NO_ARGUMENT)).as(name).isEqualTo(EPERM);
  }

  @Test
  void hidesCallsThatLibrariesReplace() {
    assertThat(List.of(answer(435, 0), answer(319, 0), answer(600, 0)))
        .as("clone3, memfd_create, a call of a later kernel")
        .containsOnly(ENOSYS);
  }

  @Test
  void letsAProgramCloneThreadsButNoNamespace() {
    int clone = 56;
    assertThat(answer(clone, 0x3D0F00)).as("a thread").isEqualTo(SeccompFilter.ALLOW);
    for (long namespace :
        List.of(
            0x20000L, 0x2000000L, 0x4000000L, 0x8000000L, 0x10000000L, 0x20000000L, 0x40000000L)) {
      assertThat(answer(clone, namespace | 17)).isEqualTo(EPERM);
      assertThat(answer(clone, 0xABL << 32 | namespace)).isEqualTo(EPERM);
    }
  }

  @Test
  void letsAProgramOpenLocalSocketsAlone() {
    int socket = 41;
    assertThat(answer(socket, 1)).isEqualTo(SeccompFilter.ALLOW);
    for (long family : List.of(0L, 2L, 10L, 16L, 17L, 38L, 40L)) {
      assertThat(answer(socket, family)).isEqualTo(SeccompFilter.ERRNO | 97);
    }
  }

  @Test
  void looksAtTheHalfOfAnArgumentThatTheKernelUses() {
    int prlimit = 302;
    assertThat(answer(prlimit, 1L << 32)).as("process 0").isEqualTo(SeccompFilter.ALLOW);
    assertThat(answer(prlimit, 1)).isEqualTo(EPERM);
  }

  @Test
  void killsCallsOfOtherArchitectures() {
    Architecture x86 = Architecture.X86_64;
    assertThat(answer(x86, 0x40000003, 20, 0)).as("i386").isEqualTo(SeccompFilter.KILL_PROCESS);
    assertThat(answer(0x40000000 + 39, 0)).as("x32").isEqualTo(SeccompFilter.KILL_PROCESS);
    assertThat(answer(-1, 0)).isEqualTo(SeccompFilter.KILL_PROCESS);
  }

  @ParameterizedTest
  @EnumSource
  void isNotLongerThanTheKernelTakes(Architecture architecture) {
    byte[] bytes = SeccompFilter.bytes(SystemCalls.of(architecture));
    assertThat(bytes.length / SeccompFilter.INSTRUCTION).isBetween(100, 4096);
  }
}
