package dev.burnish.jinja.python;

/// A template is malformed, or fails while it is rendered, where Jinja2 fails too; or it exceeds
/// what one rendering may use. [#type] is the name of the exception that Python raises.
@SuppressWarnings("AnnotateFormatMethod") // that annotation is in no library of ours
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String type;
  private final String reason;
  private final int line;

  private JinjaException(String type, String reason, int line) {
    this.type = type;
    this.reason = reason;
    this.line = line;
  }

  public static JinjaException syntax(String reason, int line) {
    return new JinjaException("TemplateSyntaxError", reason, line);
  }

  public static JinjaException of(String type, String reason) {
    return new JinjaException(type, reason, 0);
  }

  public static JinjaException type(String reason, Object... values) {
    return of("TypeError", reason.formatted(values));
  }

  public static JinjaException value(String reason, Object... values) {
    return of("ValueError", reason.formatted(values));
  }

  public static JinjaException limit(String reason, Object... values) {
    return of("LimitExceeded", reason.formatted(values));
  }

  public static JinjaException recursion(String reason) {
    return of("RecursionError", reason);
  }

  /// The same, at a line of the template.
  public JinjaException at(int where) {
    JinjaException located = new JinjaException(type, reason, where);
    located.setStackTrace(getStackTrace());
    return located;
  }

  /// Name of the exception that Python's Jinja2 raises, such as `UndefinedError`, `TypeError` or
  /// `TemplateError` (which `raise_exception` throws); `LimitExceeded` is our own.
  public String type() {
    return type;
  }

  @Override
  public String getMessage() {
    return line > 0 ? "%s in line=%d: %s".formatted(type, line, reason) : type + ": " + reason;
  }

  /// The message without type and line.
  public String reason() {
    return reason;
  }

  /// Line of the template, or 0 where it is not known.
  public int line() {
    return line;
  }
}
