package dev.burnish.tools;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The tools that a policy may call in an episode.
///
/// @param tools with names that differ
public record ToolSet(List<Tool> tools) {
  public ToolSet {
    tools = List.copyOf(tools);
    Set<String> names = new HashSet<>();
    for (Tool tool : tools) {
      if (!names.add(tool.name())) {
        throw new IllegalArgumentException(
            "each tool must have a name of its own: name=%s is there twice; rename one by @Description(name = ...)"
                .formatted(tool.name()));
      }
    }
  }

  /// The methods of an interface with a [Description], each of which is a tool.
  ///
  /// ```java
  /// interface Weather {
  ///   @Description("The weather of a city on a day")
  ///   String forecast(@Description("such as Bern") String city, Optional<Day> day);
  /// }
  /// ToolSet.of(Weather.class, (city, day) -> "rain");
  /// ```
  ///
  /// A parameter is a primitive, `String`, an enum, a record of such, or a `List`, a `Map` by
  /// `String` or an `Optional` of such. The result is one too, or `void`; other results than text
  /// are read as JSON.
  ///
  /// @throws IllegalArgumentException if it has no such method, or one with a type that is not
  ///   supported: the method, the type and the cure
  public static <T> ToolSet of(Class<T> type, T implementation) {
    return new ToolSet(MethodTool.all(type, implementation));
  }

  /// These and those of another set.
  public ToolSet with(ToolSet others) {
    List<Tool> all = new ArrayList<>(tools);
    all.addAll(others.tools);
    return new ToolSet(all);
  }

  /// The tool of a name.
  public Optional<Tool> find(String name) {
    return tools.stream().filter(tool -> tool.name().equals(name)).findFirst();
  }

  /// The tools as chat templates have them.
  public List<Map<String, Object>> schemas() {
    return tools.stream().map(Tool::schema).toList();
  }

  /// The names, separated by commas.
  public String names() {
    return tools.stream().map(Tool::name).collect(Collectors.joining(", "));
  }
}
