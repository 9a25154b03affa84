package dev.burnish.env.code;

import java.util.ArrayList;
import java.util.List;

/// The program in a completion: the last block between fences of three backquotes, else all of it.
final class CodeAnswer {
  private static final String FENCE = "```";

  private CodeAnswer() {}

  /// The program. A block without its closing fence, as of a completion that was cut, ends with the
  /// completion.
  static String extract(String completion) {
    List<String> block = new ArrayList<>();
    boolean inside = false;
    boolean found = false;
    for (String line : completion.lines().toList()) {
      if (line.strip().startsWith(FENCE)) {
        inside = !inside;
        found = true;
        if (inside) {
          block.clear();
        }
      } else if (inside) {
        block.add(line);
      }
    }
    return found ? String.join("\n", block) + "\n" : completion;
  }
}
