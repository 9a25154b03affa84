package dev.burnish.jinja;

import dev.burnish.jinja.python.Callable;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Markup;
import dev.burnish.jinja.python.Namespace;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyIterator;
import dev.burnish.jinja.python.PyList;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.python.Undefined;
import dev.burnish.jinja.syntax.Expr;
import dev.burnish.jinja.syntax.Stmt;
import dev.burnish.jinja.syntax.Stmt.Signature;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Runs the statements of one rendering and counts the resources used.
final class Interpreter {
  private static final int DEEPEST_CALL = 120;

  /// How a statement ends.
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Limits limits;
  private final Evaluator evaluator = new Evaluator(this);
  private final StringBuilder root = new StringBuilder();
  private final List<Rendering.Part> generated = new ArrayList<>();
  private StringBuilder out = root;
  private long steps;
  private long written;
  private int calls;
  private int line;

  Interpreter(Limits limits) {
    this.limits = limits;
  }

  Rendering run(List<Stmt> template, Scope globals) {
    try {
      execute(template, globals.inner());
      return new Rendering(root.toString(), List.copyOf(generated));
    } catch (JinjaException e) {
      throw e.line() == 0 ? e.at(line) : e;
    } catch (StackOverflowError _) {
      throw JinjaException.recursion("maximum recursion depth exceeded").at(line);
    }
  }

  /// Counts steps against the limit of the rendering.
  void spend(long count) {
    steps += count;
    if (steps > limits.steps()) {
      throw JinjaException.limit("a rendering must not take more than %d steps", limits.steps());
    }
  }

  /// Counts the steps of iterating over a value.
  void spendOn(Object value) {
    switch (value) {
      case String text -> spend(text.length() >> 4);
      case Markup markup -> spend(markup.text().length() >> 4);
      case PyList list -> spend(list.items().size() >> 2);
      default -> {}
    }
  }

  private void write(String text) {
    written += text.length();
    if (text.length() + out.length() > limits.output() || written > 8L * limits.output()) {
      throw JinjaException.limit(
          "a rendering must not write more than %d characters", limits.output());
    }
    out.append(text);
  }

  private Flow execute(List<Stmt> body, Scope scope) {
    for (Stmt statement : body) {
      Flow flow = execute(statement, scope);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow execute(Stmt statement, Scope scope) {
    spend(1);
    line = statement.line();
    switch (statement) {
      case Stmt.Text text -> write(text.text());
      case Stmt.Print print -> write(Repr.str(evaluator.evaluate(print.value(), scope)));
      case Stmt.If condition -> {
        return branch(condition, scope);
      }
      case Stmt.For loop -> {
        Object iterable = evaluator.evaluate(loop.iterable(), scope);
        return loop(loop, iterable, scope, 0);
      }
      case Stmt.Assign assign ->
          assign(assign.target(), evaluator.evaluate(assign.value(), scope), scope);
      case Stmt.AssignBlock block -> assignBlock(block, scope);
      case Stmt.MacroDefinition macro ->
          scope.set(
              macro.name(), new Macro(macro.name(), macro.signature(), macro.body(), scope, this));
      case Stmt.CallBlock call -> callBlock(call, scope);
      case Stmt.FilterBlock block -> {
        String text = capture(block.body(), scope.inner());
        write(filtered(evaluator.filterBlock(block.filter(), text, scope)));
      }
      case Stmt.With with -> {
        return with(with, scope);
      }
      case Stmt.Generation generation -> generation(generation, scope);
      case Stmt.Break _ -> {
        return Flow.BREAK;
      }
      case Stmt.Continue _ -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.NEXT;
  }

  /// Jinja2 writes the result of a filter block without converting it to text.
  private static String filtered(Object value) {
    return Py.text(value)
        .orElseThrow(() ->
            JinjaException.type(
                "sequence item 0: expected str instance, %s found", Py.typeName(value)));
  }

  private Flow branch(Stmt.If condition, Scope scope) {
    for (Stmt.Branch branch : condition.branches()) {
      if (Py.truth(evaluator.evaluate(branch.test(), scope))) {
        return execute(branch.body(), scope);
      }
    }
    return execute(condition.otherwise(), scope);
  }

  private Flow loop(Stmt.For node, Object iterable, Scope scope, int depth) {
    Callable recurse =
        arguments ->
            captured(
                () -> loop(node, arguments.bind("loop", "iterable").required(0), scope, depth + 1));
    Object source = node.filter().isPresent() ? filtered(node, iterable, scope) : iterable;
    Loop loop = new Loop(source, depth, node.recursive() ? Optional.of(recurse) : Optional.empty());
    boolean any = false;
    while (loop.advance()) {
      any = true;
      spend(1);
      Scope inner = scope.inner();
      inner.set("loop", loop);
      assign(node.target(), loop.current(), inner);
      if (execute(node.body(), inner) == Flow.BREAK) {
        break;
      }
    }
    return any ? Flow.NEXT : execute(node.otherwise(), scope.inner());
  }

  /// The items that pass the loop's `if`, found lazily.
  private PyIterator filtered(Stmt.For node, Object iterable, Scope scope) {
    Iterator<Object> items = Py.iterate(iterable);
    Expr filter = node.filter().orElseThrow();
    return PyIterator.lazy(() -> {
      while (items.hasNext()) {
        spend(1);
        Object item = items.next();
        Scope inner = scope.inner();
        assign(node.target(), item, inner);
        if (Py.truth(evaluator.evaluate(filter, inner))) {
          return Optional.of(item);
        }
      }
      return Optional.empty();
    });
  }

  private void assign(Expr target, Object value, Scope scope) {
    switch (target) {
      case Expr.Name name -> scope.set(name.name(), value);
      case Expr.NamespaceRef ref -> {
        Object namespace = scope.get(ref.name()).orElseGet(() -> Undefined.name(ref.name()));
        if (!(namespace instanceof Namespace(PyDict attributes))) {
          throw JinjaException.of(
              "TemplateRuntimeError", "cannot assign attribute on non-namespace object");
        }
        attributes.put(ref.attribute(), value);
      }
      case Expr.TupleOf tuple -> unpack(tuple.items(), value, scope);
      default -> throw new IllegalStateException("not a target: " + target);
    }
  }

  private void unpack(List<Expr> targets, Object value, Scope scope) {
    if (!Py.isIterable(value)) {
      throw JinjaException.type("cannot unpack non-iterable %s object", Py.typeName(value));
    }
    Iterator<Object> items = Py.iterate(value);
    for (int i = 0; i < targets.size(); i++) {
      if (!items.hasNext()) {
        throw JinjaException.value(
            "not enough values to unpack (expected %d, got %d)", targets.size(), i);
      }
      assign(targets.get(i), items.next(), scope);
    }
    if (items.hasNext()) {
      throw JinjaException.value("too many values to unpack (expected %d)", targets.size());
    }
  }

  private void assignBlock(Stmt.AssignBlock block, Scope scope) {
    Object value = capture(block.body(), scope.inner());
    if (block.filter().isPresent()) {
      value = evaluator.filterBlock(block.filter().get(), value, scope);
    }
    assign(block.target(), value, scope);
  }

  private void callBlock(Stmt.CallBlock block, Scope scope) {
    Macro caller = new Macro("caller", block.signature(), block.body(), scope, this);
    write(Repr.str(evaluator.call(block.call(), scope, Optional.of(caller))));
  }

  private Flow with(Stmt.With with, Scope scope) {
    List<Object> values = new ArrayList<>();
    for (Expr value : with.values()) {
      values.add(evaluator.evaluate(value, scope));
    }
    Scope inner = scope.inner();
    for (int i = 0; i < values.size(); i++) {
      assign(with.targets().get(i), values.get(i), inner);
    }
    return execute(with.body(), inner);
  }

  private void generation(Stmt.Generation generation, Scope scope) {
    String text = capture(generation.body(), scope.inner());
    int start = root.length();
    write(text);
    generated.add(new Rendering.Part(start, start + text.length()));
  }

  private String capture(List<Stmt> body, Scope scope) {
    return captured(() -> execute(body, scope));
  }

  /// Captures the output of the action instead of writing it.
  private String captured(Runnable action) {
    if (++calls > DEEPEST_CALL) {
      throw JinjaException.recursion("maximum recursion depth exceeded");
    }
    StringBuilder outer = out;
    out = new StringBuilder();
    try {
      action.run();
      return out.toString();
    } finally {
      out = outer;
      calls--;
    }
  }

  /// Renders a macro's body with its parameters; a null is a parameter that was not given.
  String invoke(Macro macro, List<@Nullable Object> values, Scope scope) {
    Signature signature = macro.signature();
    int firstDefault = signature.parameters().size() - signature.defaults().size();
    int callLine = line;
    for (int i = 0; i < values.size(); i++) {
      String name = signature.parameters().get(i);
      Object value = values.get(i);
      if (value == null) {
        value =
            i >= firstDefault
                ? evaluator.evaluate(signature.defaults().get(i - firstDefault), scope)
                : Undefined.of("parameter %s was not provided".formatted(Repr.ofString(name)));
      }
      scope.set(name, value);
    }
    String text = capture(macro.body(), scope);
    line = callLine;
    return text;
  }
}
