package dev.burnish.text.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;

/// A parsed template. Safe for use by many threads: each rendering has a state of its own.
public final class JinjaTemplate {
  private static final int LONGEST = 1 << 22;

  private final List<Stmt> body;

  private JinjaTemplate(List<Stmt> body) {
    this.body = body;
  }

  /// Parses a template.
  ///
  /// @throws JinjaException if Jinja2 would not accept it
  public static JinjaTemplate parse(String source) {
    if (source.length() > LONGEST) {
      throw JinjaException.limit("templates must not exceed %d characters", LONGEST);
    }
    return new JinjaTemplate(Parser.parse(source));
  }

  /// Renders with these variables: null, booleans, numbers, strings, and lists and maps of these.
  ///
  /// @throws JinjaException if the template fails, as it does in Jinja2, or exceeds the limits
  public Rendering render(Map<String, ?> variables, Limits limits, Clock clock) {
    Scope scope = new Scope();
    Globals.define(scope);
    Scope context = scope.inner();
    variables.forEach((name, value) -> context.set(name, Py.of(value)));
    return new Interpreter(limits, clock).run(body, context);
  }
}
