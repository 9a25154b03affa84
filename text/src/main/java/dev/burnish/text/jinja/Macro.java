package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Stmt.Signature;
import dev.burnish.text.jinja.Value.Callable;
import dev.burnish.text.jinja.Value.HasAttributes;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A macro with the scope that it was defined in.
record Macro(String name, Signature signature, List<Stmt> body, Scope scope)
    implements Callable, HasAttributes {
  @Override
  public Object call(Interpreter interpreter, Arguments arguments) {
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
