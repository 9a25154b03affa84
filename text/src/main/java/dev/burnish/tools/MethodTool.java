package dev.burnish.tools;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A method of an interface, called with arguments in JSON.
final class MethodTool implements Tool {
  /// Names that every format and every server takes.
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  private final String name;
  private final String description;
  private final Method method;
  private final Object implementation;
  private final ArgumentType.Fields parameters;
  private final ObjectNode schema;

  private MethodTool(Method method, Description description, Object implementation) {
    this.method = method;
    this.implementation = implementation;
    this.description = description.value();
    this.name = description.name().isEmpty() ? method.getName() : description.name();
    this.parameters = ArgumentTypes.parameters(method);
    this.schema = parameters.schema();
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a tool must have a name of at most 64 letters, digits, _ and -: name=%s; name it by @Description(name = ...)"
              .formatted(name));
    }
    method.setAccessible(true);
  }

  static List<Tool> all(Class<?> type, Object implementation) {
    List<Tool> tools =
        Arrays.stream(type.getMethods())
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .filter(method -> method.isAnnotationPresent(Description.class))
            .sorted(Comparator.comparing(Method::getName))
            .<Tool>map(method ->
                new MethodTool(method, method.getAnnotation(Description.class), implementation))
            .toList();
    if (!type.isInterface() || tools.isEmpty()) {
      throw new IllegalArgumentException(
          "tools must be methods of an interface with @Description: type=%s has none; annotate them"
              .formatted(type.getName()));
    }
    return tools;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public ObjectNode parameters() {
    return schema;
  }

  @Override
  public String call(String arguments) throws Exception {
    Object[] values = parameters.values(tree(arguments), "");
    try {
      return text(method.invoke(implementation, values));
    } catch (InvocationTargetException e) {
      throw switch (e.getCause()) {
        case Exception cause -> cause;
        case Error cause -> throw cause;
        case null, default -> e;
      };
    }
  }

  private static JsonNode tree(String arguments) {
    try {
      return JsonMapper.shared().readTree(arguments);
    } catch (JacksonException e) {
      throw new ArgumentsRefused(List.of("the arguments must be a JSON object"));
    }
  }

  private String text(@Nullable Object result) {
    if (method.getReturnType() == void.class) {
      return "done";
    }
    Object value = result instanceof Optional<?> optional ? optional.orElse(null) : result;
    return value instanceof String text ? text : JsonMapper.shared().writeValueAsString(value);
  }
}
