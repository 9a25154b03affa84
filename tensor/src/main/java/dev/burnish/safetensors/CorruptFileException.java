package dev.burnish.safetensors;

import dev.burnish.content.FileKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/// A model file breaks a rule of its format, or asks for something that is not supported. The
/// message has the rule, the offending values, the tensor or key where there is one, and the file.
public final class CorruptFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_SHOWN = 120;
  private static final int HEAD = 512;

  private final transient Path file;

  /// @param rule the constraint that is broken, as a sentence without full stop
  /// @param namesAndValues alternating names and values, as `"tensor", name, "begin", 5`
  public CorruptFileException(Path file, String rule, Object... namesAndValues) {
    this(file, message(file, rule, namesAndValues) + "; fetch or write the file again");
  }

  private CorruptFileException(Path file, String message) {
    super(message);
    this.file = file;
  }

  /// For a file that keeps the rules of its format, but is of a kind that cannot be read.
  public static CorruptFileException unsupported(Path file, String rule, Object... namesAndValues) {
    return new CorruptFileException(
        file, message(file, rule, namesAndValues) + "; use another file or convert it");
  }

  /// The first bytes of a file.
  public static byte[] head(MemorySegment whole) {
    return whole.asSlice(0, Math.min(whole.byteSize(), HEAD)).toArray(ValueLayout.JAVA_BYTE);
  }

  /// For a file of another kind than expected; names that kind and what to do.
  ///
  /// @param kinds that it may be
  public static void refuseOther(Path file, String wanted, byte[] head, FileKind... kinds) {
    FileKind.of(head)
        .filter(kind -> !List.of(kinds).contains(kind))
        .ifPresent(kind -> {
          throw new CorruptFileException(
              file,
              "file must be %s, and is %s: file=%s; %s"
                  .formatted(wanted, kind.said(), file, kind.cure()));
        });
  }

  /// The file that breaks the rule.
  public Path file() {
    return file;
  }

  private static String message(Path file, String rule, Object... namesAndValues) {
    StringBuilder text = new StringBuilder(rule).append(": ");
    for (int i = 0; i + 1 < namesAndValues.length; i += 2) {
      text.append(namesAndValues[i]).append('=').append(shown(namesAndValues[i + 1])).append(", ");
    }
    return text.append("file=").append(file).toString();
  }

  /// Text of a hostile file made fit for a terminal: no control characters, bounded length.
  public static String shown(Object value) {
    String text = String.valueOf(value);
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .limit(MAX_SHOWN)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) || isUnpaired(c) ? '?' : c));
    return shown.length() < text.length() && text.length() > MAX_SHOWN
        ? shown.append("...").toString()
        : shown.toString();
  }

  private static boolean isUnpaired(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }
}
