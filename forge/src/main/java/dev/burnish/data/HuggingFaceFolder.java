package dev.burnish.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Finds the files of a split in a folder as the Hugging Face hub lays it out: what the README's
/// `configs:` says, else `<config>/<split>-*.parquet`, else `data/<split>-*`, else a file of the
/// split's name, else what [SplitNames] finds.
final class HuggingFaceFolder {
  private static final Pattern SHARD = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\..*)");

  /// Files of rows' names that hold none.
  private static final Set<String> FACTS =
      Set.of("dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json");

  private HuggingFaceFolder() {}

  static List<Path> files(DataSource source) {
    List<Path> all = dataFiles(source.path());
    for (String glob : globs(source)) {
      List<Path> found = matching(source.path(), all, glob);
      if (!found.isEmpty()) {
        checkShards(found);
        return found;
      }
    }
    List<Path> named = byName(source, all);
    if (named.isEmpty()) {
      throw none(source, all);
    }
    checkShards(named);
    return named;
  }

  /// By the words in names of files and folders, where the README does not say what lies where.
  private static List<Path> byName(DataSource source, List<Path> all) {
    if (!header(source.path()).path("configs").isEmpty()) {
      return List.of();
    }
    Path root =
        source.config().equals("default") ? source.path() : source.path().resolve(source.config());
    return SplitNames.files(
        root, all.stream().filter(file -> file.startsWith(root)).toList(), source.split());
  }

  private static DataException none(DataSource source, List<Path> all) {
    boolean arrow = !walk(source.path(), name -> name.endsWith(".arrow")).isEmpty();
    return new DataException(
        "a data set folder has the split: data=%s config=%s split=%s; its data files are %s%s"
            .formatted(
                source.path(),
                source.config(),
                source.split(),
                all.stream().map(f -> source.path().relativize(f).toString()).limit(20).toList(),
                arrow ? "; its .arrow files are not read: export it with to_parquet first" : ""));
  }

  private static List<String> globs(DataSource source) {
    List<String> declared = declared(source);
    if (!declared.isEmpty()) {
      return List.of("{" + String.join(",", declared) + "}");
    }
    String split = source.split();
    return List.of(
        source.config() + "/" + split + "{-,.}*", "data/" + split + "{-,.}*", split + "{-,.}*");
  }

  /// The patterns of the README's header for this config and split.
  private static List<String> declared(DataSource source) {
    List<String> patterns = new ArrayList<>();
    JsonNode configs = header(source.path()).path("configs");
    String wanted = name(configs, source.config());
    for (JsonNode config : configs) {
      if (config.path("config_name").asString("default").equals(wanted)) {
        JsonNode files = config.path("data_files");
        if (files.isArray()) {
          files.forEach(entry -> addSplit(entry, source.split(), patterns));
        } else if (source.split().equals("train")) {
          addPaths(files, patterns);
        }
      }
    }
    return patterns;
  }

  /// The config that a name means: where none is named `default`, that is the one marked so, or the
  /// only one.
  private static String name(JsonNode configs, String config) {
    List<String> names =
        configs.valueStream().map(c -> c.path("config_name").asString("default")).toList();
    if (!config.equals("default") || names.contains(config)) {
      return config;
    }
    return configs
        .valueStream()
        .filter(c -> names.size() == 1 || c.path("default").asBoolean(false))
        .map(c -> c.path("config_name").asString("default"))
        .findFirst()
        .orElse(config);
  }

  private static void addSplit(JsonNode entry, String split, List<String> patterns) {
    if (entry.isString() && split.equals("train")) {
      patterns.add(entry.stringValue());
    } else if (entry.path("split").asString("").equals(split)) {
      addPaths(entry.path("path"), patterns);
    }
  }

  private static void addPaths(JsonNode paths, List<String> patterns) {
    if (paths.isString()) {
      patterns.add(paths.stringValue());
    }
    for (JsonNode path : paths) {
      patterns.add(path.asString());
    }
  }

  private static JsonNode header(Path folder) {
    Path readme = folder.resolve("README.md");
    try {
      String text = Files.exists(readme) ? Files.readString(readme) : "";
      int end = text.indexOf("\n---", 3);
      boolean hasHeader = text.startsWith("---") && end > 0;
      return new YAMLMapper().readTree(hasHeader ? text.substring(3, end) : "{}");
    } catch (IOException | JacksonException e) {
      throw new DataException(
          "a data set's README has a YAML header: data=%s (%s); correct it or remove it"
              .formatted(readme, e.getMessage()),
          e);
    }
  }

  private static List<Path> matching(Path folder, List<Path> files, String glob) {
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    return files.stream().filter(file -> matcher.matches(folder.relativize(file))).toList();
  }

  private static List<Path> dataFiles(Path folder) {
    return walk(folder, name -> DataFiles.isData(name) && !FACTS.contains(name));
  }

  private static List<Path> walk(Path folder, Predicate<String> named) {
    try (Stream<Path> walk = Files.walk(folder, 4)) {
      return walk.filter(file -> named.test(file.getFileName().toString()))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new DataException(
          "a data set folder can be listed: data=%s (%s)".formatted(folder, e.getMessage()), e);
    }
  }

  /// All parts of `name-00000-of-00003` are there.
  private static void checkShards(List<Path> files) {
    for (Path file : files) {
      Matcher shard = SHARD.matcher(file.getFileName().toString());
      for (int i = 0; shard.matches() && i < Integer.parseInt(shard.group(3)); i++) {
        String name =
            String.format(
                Locale.ROOT, "%s-%05d-of-%s%s", shard.group(1), i, shard.group(3), shard.group(4));
        if (!Files.exists(file.resolveSibling(name))) {
          throw new DataException(
              "a data set has all its parts: missing=%s; download it again"
                  .formatted(file.resolveSibling(name)));
        }
      }
    }
  }
}
