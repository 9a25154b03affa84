package dev.burnish.env.code;

/// A test of a program. The right answer stays in the JVM: the program never has it, nor do the
/// processes next to it.
public sealed interface CodeTest {
  /// The program reads standard input and prints the answer.
  ///
  /// @param stdout what it must print, apart from white space at the ends of lines and of the whole
  record InputOutput(String stdin, String stdout) implements CodeTest {}

  /// A function of the program, or a method of its class `Solution`, is called and returns the
  /// answer. In Python only.
  ///
  /// @param arguments a JSON array
  /// @param result JSON that the returned value must be equal to; numbers may differ by a billionth
  record Call(String function, String arguments, String result) implements CodeTest {}
}
