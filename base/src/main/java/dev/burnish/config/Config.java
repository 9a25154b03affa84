package dev.burnish.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// A configuration record in the making: its defaults, overlaid by YAML files, overlaid by
/// assignments such as `optimizer.lr=1e-5`, in the order in which they are added.
///
/// - A key that the record does not have is an error that names the nearest one.
/// - `${optimizer.lr}` stands for the value of that key, `${env:HOME}` for a variable of the
///   environment, in files and assignments; `$${` is a literal `${`.
/// - A record's compact constructor checks its values; its message is kept.
///
/// Components may be primitives, strings, enums, paths, durations (`90s`, `PT1M30S`), optionals,
/// lists, maps with string keys, and records of these; the keys of an [Inlined] record stand in the
/// record around it. A value of this class never changes.
public final class Config<T extends Record> {
  private final Class<T> type;
  private final ObjectNode tree;
  private final Map<String, String> environment;

  private Config(Class<T> type, ObjectNode tree, Map<String, String> environment) {
    this.type = type;
    this.tree = tree;
    this.environment = environment;
  }

  /// Starts from a record that holds every default.
  public static <T extends Record> Config<T> of(T defaults) {
    return of(defaults, System.getenv());
  }

  static <T extends Record> Config<T> of(T defaults, Map<String, String> environment) {
    @SuppressWarnings("unchecked") // getClass() of a T, which is final because it is a record
    Class<T> type = (Class<T>) defaults.getClass();
    JsonNode tree = Interpolation.escape(Yaml.toTree(defaults));
    return new Config<>(type, (ObjectNode) tree, environment);
  }

  /// Overlays a YAML file; keys that are not in it keep their values.
  ///
  /// @throws ConfigException if the file cannot be read, is no YAML, or has an unknown key
  public Config<T> withFile(Path file) {
    try {
      String text = Files.readString(file);
      return withYaml(file.toString(), text.startsWith("\uFEFF") ? text.substring(1) : text);
    } catch (IOException e) {
      throw new ConfigException(
          "cannot read the configuration: file=%s (%s); give an existing YAML file"
              .formatted(file, e.getClass().getSimpleName()),
          e);
    }
  }

  /// Overlays YAML text; `source` names it in messages.
  ///
  /// @throws ConfigException if the text is no YAML or has an unknown key
  public Config<T> withYaml(String source, String text) {
    JsonNode overlay = Yaml.parse(source, text);
    if (overlay.isMissingNode() || overlay.isNull()) {
      return this;
    }
    if (!(overlay instanceof ObjectNode object)) {
      throw new ConfigException(
          "a configuration consists of keys and values: file=%s holds %s; write lines of `key: value`"
              .formatted(source, Yaml.describe(overlay)));
    }
    new Keys(type).check(source, object);
    ObjectNode merged = tree.deepCopy();
    merge(merged, object, "", new Keys(type));
    return new Config<>(type, merged, environment);
  }

  /// Overlays assignments `key=value`, where `key` is dotted and `value` is everything after the
  /// first `=`: YAML, or the text itself where the record has a string or a path.
  ///
  /// @throws ConfigException if one has no `=` or an unknown key
  public Config<T> withSettings(List<String> assignments) {
    ObjectNode merged = tree.deepCopy();
    for (String text : assignments) {
      Assignment.parse(text).apply(merged, new Keys(type));
    }
    return new Config<>(type, merged, environment);
  }

  /// Overlays the arguments of a script: `--config FILE` and `--set key=value`, in order.
  ///
  /// @throws ConfigException if there is any other argument, or as the two say
  public Config<T> withArguments(String... arguments) {
    Config<T> config = this;
    for (int i = 0; i < arguments.length; i++) {
      String[] option = arguments[i].split("=", 2);
      boolean apart = option.length == 1;
      if ((apart && i + 1 == arguments.length)
          || !List.of("--set", "--config").contains(option[0])) {
        throw new ConfigException(
            "an argument is --config FILE or --set key=value: argument=%s; write one of these"
                .formatted(arguments[i]));
      }
      String value = apart ? arguments[++i] : option[1];
      config =
          option[0].equals("--set")
              ? config.withSettings(List.of(value))
              : config.withFile(Path.of(value));
    }
    return config;
  }

  /// The record that results from all layers.
  ///
  /// @throws ConfigException if a value has the wrong type, a reference leads nowhere, or the
  ///   record refuses its values
  public T resolve() {
    JsonNode resolved = new Interpolation(tree, environment, new Keys(type)).resolve();
    return Yaml.bind(resolved, type);
  }

  /// A record as YAML with every value, which [#withYaml(String, String)] reads back to an equal
  /// record.
  public static String dump(Record config) {
    return Yaml.write(Interpolation.escape(Yaml.toTree(config)));
  }

  /// The key of a record that a name on the command line means: `optimizer.lr` itself, or
  /// `max-tokens` for `maxTokens`.
  public static Optional<String> key(Record config, String name) {
    StringBuilder key = new StringBuilder();
    for (String word : name.split("-", -1)) {
      boolean first = key.isEmpty() || word.isEmpty();
      key.append(first ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    Keys keys = new Keys(config.getClass());
    return Stream.of(name, key.toString()).filter(keys::has).findFirst();
  }

  /// A record whose relative paths are resolved against a folder, so that they hold wherever it is
  /// read again: those of components that are paths, and texts for which `isPath` says so by key
  /// and value. An empty path stays.
  public static <T extends Record> T withPathsFrom(
      Path folder, T config, BiPredicate<String, String> isPath) {
    @SuppressWarnings("unchecked") // getClass() of a T, which is final because it is a record
    Class<T> type = (Class<T>) config.getClass();
    Keys keys = new Keys(type);
    BiPredicate<String, String> known =
        (key, text) -> !text.isEmpty() && (keys.isPath(key) || isPath.test(key, text));
    return Yaml.bind(absolute(folder, "", Yaml.toTree(config), known), type);
  }

  private static JsonNode absolute(
      Path folder, String key, JsonNode value, BiPredicate<String, String> isPath) {
    return switch (value) {
      case ObjectNode object -> {
        ObjectNode result = object.objectNode();
        object.forEachEntry((name, inner) ->
            result.set(
                name, absolute(folder, key.isEmpty() ? name : key + "." + name, inner, isPath)));
        yield result;
      }
      case ArrayNode array -> {
        ArrayNode result = array.arrayNode();
        for (int i = 0; i < array.size(); i++) {
          result.add(absolute(folder, key + "." + i, array.get(i), isPath));
        }
        yield result;
      }
      case StringNode text when isPath.test(key, text.asString()) ->
          StringNode.valueOf(folder.resolve(text.asString()).normalize().toString());
      default -> value;
    };
  }

  /// The values of a record that differ from those of another, by dotted key.
  public static Map<String, Change> changes(Record before, Record after) {
    Map<String, Change> changes = new TreeMap<>();
    compare("", Yaml.toTree(before), Yaml.toTree(after), changes);
    return changes;
  }

  /// A value that differs, as text.
  public record Change(String before, String after) {}

  private static void compare(
      String key, JsonNode before, JsonNode after, Map<String, Change> changes) {
    if (before instanceof ObjectNode from && after instanceof ObjectNode to) {
      Set<String> names = new TreeSet<>(from.propertyNames());
      names.addAll(to.propertyNames());
      for (String name : names) {
        compare(key.isEmpty() ? name : key + "." + name, from.path(name), to.path(name), changes);
      }
    } else if (!before.equals(after)) {
      changes.put(key, new Change(text(before), text(after)));
    }
  }

  private static String text(JsonNode value) {
    return value.isString() ? value.asString() : value.toString();
  }

  /// Objects of records merge; a map given by the user replaces the default one.
  private static void merge(ObjectNode base, ObjectNode overlay, String prefix, Keys keys) {
    overlay.forEachEntry((name, value) -> {
      String key = prefix + name;
      @Nullable JsonNode present = base.get(name);
      if (value instanceof ObjectNode inner
          && present instanceof ObjectNode section
          && keys.isRecord(key)) {
        merge(section, inner, key + ".", keys);
      } else {
        base.set(name, value);
      }
    });
  }
}
