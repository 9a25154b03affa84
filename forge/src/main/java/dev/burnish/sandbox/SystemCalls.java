package dev.burnish.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The rules of `syscalls.txt` for one architecture, by number of the system call.
record SystemCalls(Architecture architecture, NavigableMap<Integer, Rule> rules) {
  static final int EPERM = 1;
  static final int ENOSYS = 38;

  /// The highest number that the list knows: calls of later kernels are absent.
  static final int LAST = 450;

  /// An architecture, by the number that the kernel gives filters, and its column in the list.
  enum Architecture {
    X86_64(0xC000003E, 1),
    AARCH64(0xC00000B7, 2);

    private final int audit;
    private final int column;

    Architecture(int audit, int column) {
      this.audit = audit;
      this.column = column;
    }

    int audit() {
      return audit;
    }

    /// That of this JVM.
    ///
    /// @throws SandboxUnavailable if there is no list for it
    static Architecture here() {
      String name = System.getProperty("os.arch");
      return switch (name) {
        case "amd64", "x86_64" -> X86_64;
        case "aarch64", "arm64" -> AARCH64;
        default ->
            throw new SandboxUnavailable(
                "a sandbox needs the system calls of the architecture, amd64 or aarch64: os.arch="
                    + name);
      };
    }
  }

  /// Whether a call is allowed.
  sealed interface Rule {
    /// It is.
    record Allow() implements Rule {}

    /// It fails.
    record Fail(int errno) implements Rule {}

    /// It is if the low 32 bits of an argument under a mask are one of the values, else it fails.
    record Check(int argument, int mask, int errno, List<Integer> values) implements Rule {}
  }

  static SystemCalls of(Architecture architecture) {
    NavigableMap<Integer, Rule> rules = new TreeMap<>();
    lines()
        .map(line -> line.split(" ", -1))
        .filter(words -> !words[architecture.column].equals("-"))
        .forEach(words -> rules.put(Integer.valueOf(words[architecture.column]), rule(words[3])));
    return new SystemCalls(architecture, rules);
  }

  /// The rule of a call, whatever its number.
  Rule rule(int number) {
    return rules.getOrDefault(number, new Rule.Fail(number > LAST ? ENOSYS : EPERM));
  }

  private static Rule rule(String text) {
    String[] parts = text.split(":", -1);
    return switch (parts[0]) {
      case "allow" -> new Rule.Allow();
      case "absent" -> new Rule.Fail(ENOSYS);
      case "check" ->
          new Rule.Check(
              Integer.parseInt(parts[1]),
              bits(parts[2]),
              Integer.parseInt(parts[3]),
              Stream.of(parts[4].split(",", -1)).map(SystemCalls::bits).toList());
      default -> throw new IllegalStateException("a rule must be allow, absent or check: " + text);
    };
  }

  private static int bits(String number) {
    return Math.toIntExact(Long.decode(number) << 32 >> 32);
  }

  private static Stream<String> lines() {
    try (InputStream file =
        Objects.requireNonNull(SystemCalls.class.getResourceAsStream("syscalls.txt"))) {
      String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
