package dev.burnish.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The command that starts a JVM of this JDK with the class path of this process.
///
/// @param flags of the JVM, before the class path
/// @param main the program's class
/// @param arguments of the program
public record JvmCommand(List<String> flags, String main, List<String> arguments) {
  public JvmCommand {
    flags = List.copyOf(flags);
    arguments = List.copyOf(arguments);
  }

  /// A program without flags and arguments.
  public static JvmCommand of(Class<?> main) {
    return new JvmCommand(List.of(), main.getName(), List.of());
  }

  /// The command with these flags after the existing ones.
  public JvmCommand withFlags(List<String> more) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(more);
    return new JvmCommand(all, main, arguments);
  }

  /// The command with these arguments instead of the existing ones.
  public JvmCommand withArguments(List<String> given) {
    return new JvmCommand(flags, main, given);
  }

  /// The program `java` of this JDK.
  public static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /// The command as an operating system takes it, the program first.
  public List<String> words() {
    List<String> words = new ArrayList<>();
    words.add(java().toString());
    words.addAll(flags);
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    words.addAll(arguments);
    return words;
  }
}
