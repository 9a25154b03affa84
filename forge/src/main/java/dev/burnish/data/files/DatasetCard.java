package dev.burnish.data.files;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// The configs that a folder declares: the YAML header of its `README.md`, or `.huggingface.yaml`.
///
/// Source: datasets 5.2, `utils/metadata.py`; huggingface_hub 2.4, `repocard.py`.
record DatasetCard(Path file, Map<String, Config> configs) {
  private static final Pattern HEADER =
      Pattern.compile("\\A\\s*---(?:\\R)([\\s\\S]*?\\R|)---[ \\t]*(?:\\R|\\z)");
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  /// @param dataDir below it the files are
  /// @param files patterns by split; empty where names say which file is what
  record Config(
      String name, boolean marked, Optional<String> dataDir, Map<String, List<String>> files) {}

  static DatasetCard read(Path folder) {
    Path readme = folder.resolve("README.md");
    Path yaml = folder.resolve(".huggingface.yaml");
    @Nullable Object ofReadme = Files.isRegularFile(readme) ? header(readme) : null;
    @Nullable Object ofYaml = Files.isRegularFile(yaml) ? parse(yaml, text(yaml)) : null;
    boolean alone = ofYaml instanceof Map<?, ?> map && map.containsKey("configs");
    Path file = alone ? yaml : readme;
    return (alone ? ofYaml : ofReadme) instanceof Map<?, ?> header
        ? new DatasetCard(file, configs(file, header.get("configs")))
        : new DatasetCard(file, Map.of());
  }

  private static @Nullable Object header(Path readme) {
    Matcher header = HEADER.matcher(text(readme));
    return header.find() ? parse(readme, header.group(1)) : null;
  }

  private static String text(Path file) {
    try {
      String text = Files.readString(file);
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw problem(file, "it is UTF-8 text", e);
    } catch (IOException e) {
      throw problem(file, "it can be read", e);
    }
  }

  private static @Nullable Object parse(Path file, String yaml) {
    try {
      return new Load(LoadSettings.builder().setAllowDuplicateKeys(true).build())
          .loadFromString(yaml);
    } catch (YamlEngineException e) {
      throw problem(file, "its header is YAML" + place(e), e);
    }
  }

  private static String place(YamlEngineException e) {
    Optional<Mark> mark =
        e instanceof MarkedYamlEngineException marked ? marked.getProblemMark() : Optional.empty();
    return mark.map(m -> "; line %d of it is not".formatted(m.getLine() + 1)).orElse("");
  }

  private static IllegalArgumentException problem(Path file, String rule, Throwable cause) {
    return new IllegalArgumentException(message(file, rule), cause);
  }

  private static IllegalArgumentException problem(Path file, String rule) {
    return new IllegalArgumentException(message(file, rule));
  }

  private static String message(Path file, String rule) {
    return "a data set's %s says where its configs are: data=%s: %s; correct it or remove it"
        .formatted(file.getFileName(), file, rule);
  }

  /// The configs by name; the last of those with the same name counts.
  private static Map<String, Config> configs(Path file, @Nullable Object configs) {
    Map<String, Config> byName = new LinkedHashMap<>();
    for (Object config : configs == null ? List.of() : list(file, configs, "configs")) {
      if (!(config instanceof Map<?, ?> fields)) {
        throw problem(file, "each of its configs has fields, such as config_name");
      }
      String name = fields.get("config_name") == null ? "default" : "" + fields.get("config_name");
      Optional<String> folder = Optional.ofNullable(fields.get("data_dir")).map(Object::toString);
      boolean marked = Boolean.TRUE.equals(fields.get("default"));
      byName.put(name, new Config(name, marked, folder, files(file, fields.get("data_files"))));
    }
    return byName;
  }

  private static List<?> list(Path file, Object value, String field) {
    if (!(value instanceof List<?> list)) {
      throw problem(file, "its field %s is a list".formatted(field));
    }
    return list;
  }

  private static Map<String, List<String>> files(Path file, @Nullable Object files) {
    Map<String, List<String>> splits = new LinkedHashMap<>();
    if (files instanceof Map<?, ?> bySplit) {
      bySplit.forEach((split, paths) -> splits.put("" + split, paths(file, paths)));
    } else if (files instanceof List<?> list && list.stream().anyMatch(Map.class::isInstance)) {
      list.forEach(entry -> addSplit(file, entry, splits));
    } else if (files != null) {
      splits.put("train", paths(file, files));
    }
    return splits;
  }

  private static void addSplit(
      Path file, @Nullable Object entry, Map<String, List<String>> splits) {
    if (!(entry instanceof Map<?, ?> map) || map.get("split") == null || map.get("path") == null) {
      throw problem(file, "each entry of data_files has a split and a path, or none has");
    }
    if (splits.put("" + map.get("split"), paths(file, map.get("path"))) != null) {
      throw problem(
          file,
          "data_files has each split once: split=%s is there twice".formatted(map.get("split")));
    }
  }

  private static List<String> paths(Path file, @Nullable Object paths) {
    List<String> texts = new ArrayList<>();
    for (Object path : paths instanceof List<?> list ? list : List.of(paths == null ? "" : paths)) {
      if (!(path instanceof String text) || text.isBlank() || text.contains("://")) {
        throw problem(
            file, "data_files has paths in this folder: path=%s; download them".formatted(path));
      }
      texts.add(text);
    }
    return texts;
  }

  /// The config of a name: where none is named `default`, that name means the config marked as
  /// default, or the only one.
  ///
  /// @throws IllegalArgumentException if there is no such config
  Config config(String name) {
    List<Config> fitting = configs.values().stream().filter(c -> c.name().equals(name)).toList();
    if (fitting.isEmpty() && name.equals("default")) {
      fitting = configs.values().stream().filter(c -> configs.size() == 1 || c.marked()).toList();
    }
    if (fitting.size() != 1) {
      throw new IllegalArgumentException(
          "one config of a data set is read: data=%s config=%s; its configs are %s: choose with --set config=%s"
              .formatted(
                  file.resolveSibling(""),
                  name,
                  String.join(", ", configs.keySet()),
                  configs.keySet().iterator().next()));
    }
    return fitting.getFirst();
  }
}
