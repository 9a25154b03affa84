package dev.burnish.jinja;

import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Callable;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.None;
import dev.burnish.jinja.python.Operators;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyList;
import dev.burnish.jinja.python.PyText;
import dev.burnish.jinja.python.PyTuple;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.python.Slice;
import dev.burnish.jinja.python.Subscripts;
import dev.burnish.jinja.python.Undefined;
import dev.burnish.jinja.syntax.Expr;
import dev.burnish.jinja.syntax.Expr.CallArgs;
import dev.burnish.jinja.syntax.Expr.Operand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Computes expressions.
final class Evaluator {
  private final Interpreter interpreter;

  Evaluator(Interpreter interpreter) {
    this.interpreter = interpreter;
  }

  Object evaluate(Expr expr, Scope scope) {
    interpreter.spend(1);
    return switch (expr) {
      case Expr.Const constant -> constant.value();
      case Expr.Name name -> scope.get(name.name()).orElseGet(() -> Undefined.name(name.name()));
      case Expr.NamespaceRef _ -> throw new IllegalStateException("not an expression");
      case Expr.ListOf list -> new PyList(all(list.items(), scope));
      case Expr.TupleOf tuple -> new PyTuple(all(tuple.items(), scope));
      case Expr.DictOf dict -> dict(dict, scope);
      case Expr.GetAttr get -> attribute(get, scope);
      case Expr.GetItem get -> {
        Object object = evaluate(get.object(), scope);
        Object index = evaluate(get.index(), scope);
        interpreter.spendOn(object);
        yield Subscripts.item(object, index);
      }
      case Expr.Slice slice ->
          new Slice(
              bound(slice.start(), scope), bound(slice.stop(), scope), bound(slice.step(), scope));
      case Expr.Call call -> call(call, scope, Optional.empty());
      case Expr.FilterCall filter -> filter(filter, scope);
      case Expr.TestCall test -> test(test, scope);
      case Expr.Unary unary -> Operators.unary(unary.operator(), evaluate(unary.operand(), scope));
      case Expr.Binary binary -> {
        Object left = evaluate(binary.left(), scope);
        Object right = evaluate(binary.right(), scope);
        yield spent(Operators.binary(binary.operator(), left, right));
      }
      case Expr.And and -> {
        Object left = evaluate(and.left(), scope);
        yield Py.truth(left) ? evaluate(and.right(), scope) : left;
      }
      case Expr.Or or -> {
        Object left = evaluate(or.left(), scope);
        yield Py.truth(left) ? left : evaluate(or.right(), scope);
      }
      case Expr.Concat concat -> concat(concat, scope);
      case Expr.Compare compare -> compare(compare, scope);
      case Expr.Conditional conditional -> conditional(conditional, scope);
    };
  }

  private Object spent(Object value) {
    interpreter.spendOn(value);
    return value;
  }

  private List<Object> all(List<Expr> items, Scope scope) {
    List<Object> values = new ArrayList<>(items.size());
    for (Expr item : items) {
      values.add(evaluate(item, scope));
    }
    return values;
  }

  private PyDict dict(Expr.DictOf node, Scope scope) {
    PyDict dict = new PyDict();
    for (Expr.Pair pair : node.pairs()) {
      Object key = evaluate(pair.key(), scope);
      dict.put(key, evaluate(pair.value(), scope));
    }
    return dict;
  }

  private Object attribute(Expr.GetAttr get, Scope scope) {
    Object object = evaluate(get.object(), scope);
    interpreter.spendOn(object);
    return Subscripts.attribute(object, get.name());
  }

  private Object bound(Optional<Expr> bound, Scope scope) {
    return bound.isPresent() ? evaluate(bound.get(), scope) : None.NONE;
  }

  /// Calls what the target names.
  ///
  /// @param caller the body of a call block
  Object call(Expr.Call call, Scope scope, Optional<Macro> caller) {
    Object target = evaluate(call.target(), scope);
    Arguments arguments = arguments(call.args(), scope);
    if (caller.isPresent()) {
      arguments = arguments.with("caller", caller.get());
    }
    if (target instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(target instanceof Callable callable)) {
      throw JinjaException.type("'%s' object is not callable", Py.typeName(target));
    }
    return spent(callable.call(arguments));
  }

  private Arguments arguments(CallArgs args, Scope scope) {
    List<Object> positional = all(args.positional(), scope);
    Map<String, Object> named = new LinkedHashMap<>();
    for (Expr.Keyword keyword : args.named()) {
      put(named, keyword.name(), evaluate(keyword.value(), scope));
    }
    if (args.moreArgs().isPresent()) {
      positional.addAll(Py.list(evaluate(args.moreArgs().get(), scope)));
    }
    if (args.moreNamed().isPresent()) {
      if (!(evaluate(args.moreNamed().get(), scope) instanceof PyDict dict)) {
        throw JinjaException.type("argument after ** must be a mapping");
      }
      for (PyDict.Entry entry : dict.entries()) {
        if (!(entry.key() instanceof String name)) {
          throw JinjaException.type("keywords must be strings");
        }
        put(named, name, entry.value());
      }
    }
    return new Arguments(positional, named);
  }

  private static void put(Map<String, Object> named, String name, Object value) {
    if (named.put(name, value) != null) {
      throw JinjaException.type("got multiple values for keyword argument '%s'", name);
    }
  }

  private Object filter(Expr.FilterCall node, Scope scope) {
    Object input = evaluate(node.input().orElseThrow(), scope);
    return applyFilter(node, input, scope);
  }

  /// Applies the filters of a filter block or set block to its text.
  Object filterBlock(Expr filter, Object text, Scope scope) {
    if (!(filter instanceof Expr.FilterCall call)) {
      throw new IllegalStateException("not a filter");
    }
    Object input = call.input().isPresent() ? filterBlock(call.input().get(), text, scope) : text;
    return applyFilter(call, input, scope);
  }

  private Object applyFilter(Expr.FilterCall node, Object input, Scope scope) {
    interpreter.spendOn(input);
    return spent(Filters.apply(node.name(), interpreter, input, arguments(node.args(), scope)));
  }

  private Object test(Expr.TestCall node, Scope scope) {
    Object input = evaluate(node.input(), scope);
    interpreter.spendOn(input);
    return Tests.test(node.name(), input, arguments(node.args(), scope));
  }

  private Object concat(Expr.Concat node, Scope scope) {
    StringBuilder text = new StringBuilder();
    for (Expr part : node.parts()) {
      text.append(Repr.str(evaluate(part, scope)));
      PyText.requireLength(text.length());
    }
    return spent(text.toString());
  }

  private Object compare(Expr.Compare node, Scope scope) {
    Object left = evaluate(node.first(), scope);
    for (Operand operand : node.rest()) {
      Object right = evaluate(operand.right(), scope);
      interpreter.spendOn(right);
      if (!Operators.compare(operand.operator(), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Object conditional(Expr.Conditional node, Scope scope) {
    if (Py.truth(evaluate(node.test(), scope))) {
      return evaluate(node.then(), scope);
    }
    return node.otherwise()
        .map(otherwise -> evaluate(otherwise, scope))
        .orElseGet(() ->
            Undefined.of(
                "the inline if-expression on line %d evaluated to false and no else section was defined."
                    .formatted(node.line())));
  }
}
