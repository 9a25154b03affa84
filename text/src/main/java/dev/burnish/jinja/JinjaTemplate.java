package dev.burnish.jinja;

import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.syntax.Names;
import dev.burnish.jinja.syntax.Parser;
import dev.burnish.jinja.syntax.Stmt;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/// A parsed template. Safe for use by many threads: each rendering has its own state.
public final class JinjaTemplate {
  private static final int LONGEST = 1 << 22;

  private static final Names KNOWN =
      new Names() {
        @Override
        public boolean isFilter(String name) {
          return Filters.exists(name);
        }

        @Override
        public boolean isTest(String name) {
          return Tests.exists(name);
        }
      };

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
    return new JinjaTemplate(Parser.parse(source, KNOWN));
  }

  /// Renders with these variables: null, booleans, numbers, strings, and lists and maps of these.
  ///
  /// @throws JinjaException if the template fails, as it does in Jinja2, or exceeds the limits
  public Rendering render(Map<String, ?> variables, Limits limits, Clock clock) {
    Scope scope = new Scope();
    Globals.define(scope, clock);
    Scope context = scope.inner();
    variables.forEach((name, value) -> context.set(name, Py.of(value)));
    return new Interpreter(limits).run(body, context);
  }
}
