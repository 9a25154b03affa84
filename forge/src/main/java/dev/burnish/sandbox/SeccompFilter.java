package dev.burnish.sandbox;

import dev.burnish.sandbox.SystemCalls.Rule;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// A program of the kernel's packet filter (classic BPF) that decides on every system call of a
/// sandbox: an allow list.
///
/// Idea: a binary search over runs of numbers with equal rules, so that the kernel, which tries all
/// numbers when the filter is installed, is quickly done. A call of another architecture kills the
/// process, and so does one of x86-64's variant with short pointers, whose numbers are too high.
///
/// Source: struct seccomp_data and the return values of linux/seccomp.h; opcodes of
/// linux/bpf_common.h.
final class SeccompFilter {
  /// Bytes per instruction: code, two short jumps, a constant.
  static final int INSTRUCTION = 8;

  static final int ALLOW = 0x7FFF0000;
  static final int ERRNO = 0x00050000;
  static final int KILL_PROCESS = 0x80000000;
  static final int LOAD = 0x20;
  static final int JUMP = 0x05;
  static final int JUMP_IF_EQUAL = 0x15;
  static final int JUMP_IF_AT_LEAST = 0x35;
  static final int AND = 0x54;
  static final int RETURN = 0x06;
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;
  private static final int ARGUMENTS = 16;
  private static final int X32 = 0x40000000;

  private record Instruction(int code, int ifTrue, int ifFalse, int constant) {}

  /// Numbers from here to the next run have this rule.
  private record Run(int first, Rule rule) {}

  private final SystemCalls calls;

  private SeccompFilter(SystemCalls calls) {
    this.calls = calls;
  }

  /// The filter in the form in which the kernel takes it.
  static byte[] bytes(SystemCalls calls) {
    List<Instruction> program = new SeccompFilter(calls).program();
    ByteBuffer bytes =
        ByteBuffer.allocate(program.size() * INSTRUCTION).order(ByteOrder.LITTLE_ENDIAN);
    program.forEach(each ->
        bytes
            .putShort((short) each.code())
            .put((byte) each.ifTrue())
            .put((byte) each.ifFalse())
            .putInt(each.constant()));
    return bytes.array();
  }

  private List<Instruction> program() {
    List<Instruction> program = new ArrayList<>();
    program.add(load(ARCHITECTURE));
    program.add(new Instruction(JUMP_IF_EQUAL, 1, 0, calls.architecture().audit()));
    program.add(answer(KILL_PROCESS));
    program.add(load(NUMBER));
    program.add(new Instruction(JUMP_IF_AT_LEAST, 0, 1, X32));
    program.add(answer(KILL_PROCESS));
    program.addAll(search(runs()));
    return program;
  }

  private List<Run> runs() {
    List<Run> runs = new ArrayList<>();
    for (int number = 0; number <= SystemCalls.LAST + 1; number++) {
      Rule rule = calls.rule(number);
      if (runs.isEmpty() || !runs.getLast().rule().equals(rule)) {
        runs.add(new Run(number, rule));
      }
    }
    return runs;
  }

  /// The number is loaded, and it is that of one of the runs.
  private static List<Instruction> search(List<Run> runs) {
    if (runs.size() == 1) {
      return decide(runs.getFirst().rule());
    }
    int middle = runs.size() / 2;
    List<Instruction> below = search(runs.subList(0, middle));
    List<Instruction> program = new ArrayList<>();
    program.add(new Instruction(JUMP_IF_AT_LEAST, 0, 1, runs.get(middle).first()));
    program.add(new Instruction(JUMP, 0, 0, below.size()));
    program.addAll(below);
    program.addAll(search(runs.subList(middle, runs.size())));
    return program;
  }

  private static List<Instruction> decide(Rule rule) {
    return switch (rule) {
      case Rule.Allow() -> List.of(answer(ALLOW));
      case Rule.Fail(int errno) -> List.of(answer(ERRNO | errno));
      case Rule.Check check -> check(check);
    };
  }

  private static List<Instruction> check(Rule.Check check) {
    List<Instruction> program = new ArrayList<>();
    program.add(load(ARGUMENTS + 8 * check.argument())); // the low half comes first
    program.add(new Instruction(AND, 0, 0, check.mask()));
    int left = check.values().size();
    for (int value : check.values()) {
      program.add(new Instruction(JUMP_IF_EQUAL, left--, 0, value));
    }
    program.add(answer(ERRNO | check.errno()));
    program.add(answer(ALLOW));
    return program;
  }

  private static Instruction load(int offset) {
    return new Instruction(LOAD, 0, 0, offset);
  }

  private static Instruction answer(int action) {
    return new Instruction(RETURN, 0, 0, action);
  }
}
