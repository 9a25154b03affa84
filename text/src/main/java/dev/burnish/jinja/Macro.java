package dev.burnish.jinja;

import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Callable;
import dev.burnish.jinja.python.HasAttributes;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyTuple;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.python.Undefined;
import dev.burnish.jinja.syntax.Stmt;
import dev.burnish.jinja.syntax.Stmt.Signature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A macro with the scope that it was defined in.
record Macro(
    String name, Signature signature, List<Stmt> body, Scope scope, Interpreter interpreter)
    implements Callable, HasAttributes {
  @Override
  public Object call(Arguments arguments) {
    int count = signature.parameters().size();
    List<@Nullable Object> values = new ArrayList<>();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    List<Object> positional = arguments.positional();
    for (int i = 0; i < count; i++) {
      values.add(
          i < positional.size() ? positional.get(i) : named.remove(signature.parameters().get(i)));
    }
    Scope inner = scope.inner();
    if (signature.extras().contains("caller") && !signature.parameters().contains("caller")) {
      Object caller = named.remove("caller");
      inner.set("caller", caller == null ? Undefined.of("No caller defined") : caller);
    }
    extras(inner, named, positional, count);
    return interpreter.invoke(this, values, inner);
  }

  private void extras(Scope inner, Map<String, Object> named, List<Object> positional, int count) {
    String quoted = Repr.ofString(name);
    if (signature.extras().contains("kwargs")) {
      PyDict kwargs = new PyDict();
      named.forEach(kwargs::put);
      inner.set("kwargs", kwargs);
    } else if (!named.isEmpty()) {
      throw JinjaException.type(
          "macro %s takes no keyword argument %s",
          quoted, Repr.ofString(named.keySet().iterator().next()));
    }
    if (signature.extras().contains("varargs")) {
      int from = Math.min(count, positional.size());
      inner.set("varargs", new PyTuple(positional.subList(from, positional.size())));
    } else if (positional.size() > count) {
      throw JinjaException.type("macro %s takes not more than %d argument(s)", quoted, count);
    }
  }

  @Override
  public String typeName() {
    return "Macro";
  }

  @Override
  public Optional<Object> attribute(String attribute) {
    return switch (attribute) {
      case "name" -> Optional.of(name);
      case "arguments" -> Optional.of(new PyTuple(List.copyOf(signature.parameters())));
      case "caller" -> Optional.of(signature.extras().contains("caller"));
      case "catch_kwargs" -> Optional.of(signature.extras().contains("kwargs"));
      case "catch_varargs" -> Optional.of(signature.extras().contains("varargs"));
      default -> Optional.empty();
    };
  }

  @Override
  public String toString() {
    return "<Macro %s>".formatted(Repr.ofString(name));
  }
}
