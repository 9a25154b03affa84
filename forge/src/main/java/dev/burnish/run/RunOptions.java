package dev.burnish.run;

import dev.burnish.config.Config;
import dev.burnish.config.Config.Change;
import dev.burnish.observe.RunDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The options that a script was started with: `--set key=value` and `--config FILE`, both
/// repeatable, `--resume FOLDER`, `--runs FOLDER`, `--dry-run`, `--help`.
public record RunOptions(
    List<Path> configs, List<String> settings, Optional<Path> resume, Path runs, Mode mode) {
  /// The mode of the run.
  public enum Mode {
    TRAIN,
    DRY_RUN,
    /// Its options and settings are shown, and nothing is run.
    HELP
  }

  private static final Set<String> MODES = Set.of("--dry-run", "--help", "-h");

  /// The options of a script; `--name value` with any other name sets the setting of that name.
  private static final Set<String> OPTIONS =
      Set.of("--set", "--config", "--resume", "--runs", "--dry-run", "--help", "-h");

  private static final String USAGE =
      """
      usage: ./burnish run SCRIPT.java [OPTION]...
        --set KEY=VALUE   change a setting; again for another
        --config FILE     settings from a YAML file
        --KEY VALUE       the same as --set KEY=VALUE
        --resume FOLDER   resume a run: runs/ID
        --runs FOLDER     where the folders of runs go; runs unless set
        --dry-run         say what memory and time a step takes, and train nothing

      settings, as --set a.b=value or in a file, with their defaults:
      """;

  public static RunOptions parse(String... args) {
    List<Path> configs = new ArrayList<>();
    List<String> settings = new ArrayList<>();
    Optional<Path> resume = Optional.empty();
    Path runs = Path.of("runs");
    Mode mode = Mode.TRAIN;
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--dry-run")) {
        mode = Mode.DRY_RUN;
        continue;
      }
      if (args[i].equals("--help") || args[i].equals("-h")) {
        mode = Mode.HELP;
        continue;
      }
      if (!args[i].startsWith("-")) {
        throw new IllegalArgumentException(
            "a script takes options alone: argument=%s; write a setting as --set key=value, and see --help for all"
                .formatted(args[i]));
      }
      int equals = args[i].startsWith("--set") ? -1 : args[i].indexOf('=');
      String name = equals < 0 ? args[i] : args[i].substring(0, equals);
      String value;
      if (equals >= 0) {
        value = args[i].substring(equals + 1);
      } else if (args[i].startsWith("--set=")) {
        name = "--set";
        value = args[i].substring("--set=".length());
      } else if (i + 1 < args.length) {
        value = args[++i];
      } else {
        throw new IllegalArgumentException(
            "an option has a value: %s; write %s VALUE".formatted(name, name));
      }
      switch (name) {
        case "--set" -> settings.add(value);
        case "--config" -> configs.add(Path.of(value));
        case "--resume" -> resume = Optional.of(Path.of(value));
        case "--runs" -> runs = Path.of(value);
        default ->
            throw new IllegalArgumentException(
                "a script takes --set key=value, --config FILE, --resume FOLDER, --runs FOLDER, --dry-run and --help: option=%s; write a setting as --set %s=%s, and see --help for all"
                    .formatted(name, name.replaceFirst("^-+", ""), value));
      }
    }
    return new RunOptions(configs, settings, resume, runs, mode);
  }

  /// The arguments with `--key value` and `--key=value` written as `--set key=value`, where the
  /// settings have that key, as it is or with dashes between its words.
  public static String[] withSettings(Record defaults, String... args) {
    List<String> result = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      String[] parts = args[i].split("=", 2);
      boolean known = OPTIONS.contains(parts[0]);
      Optional<String> key =
          known || !parts[0].startsWith("--")
              ? Optional.empty()
              : Config.key(defaults, parts[0].substring(2));
      boolean last = parts.length == 1 && i + 1 == args.length;
      if (key.isPresent() && !last) {
        result.add("--set=" + key.get() + "=" + (parts.length == 2 ? parts[1] : args[++i]));
      } else {
        result.add(args[i]);
        if (known && parts.length == 1 && !last && !MODES.contains(parts[0])) {
          result.add(args[++i]);
        }
      }
    }
    return result.toArray(String[]::new);
  }

  /// The help on a script's options and settings.
  public static String help(Record defaults) {
    return USAGE + Config.dump(defaults).stripTrailing().indent(2);
  }

  /// Defaults, then the configuration of the run to resume, then files, then settings.
  public <S extends Record> S resolve(S defaults) {
    Config<S> config = Config.of(defaults);
    if (resume.isPresent()) {
      RunDirectory.requireRun(resume.get());
      config = config.withFile(resume.get().resolve("config.yaml"));
    }
    for (Path file : configs) {
      config = config.withFile(file);
    }
    return Config.withPathsFrom(
        Path.of("").toAbsolutePath(), config.withSettings(settings).resolve(), RunOptions::isModel);
  }

  /// Describes the settings in which a resumed run differs from how it began, where it does and its
  /// beginning can still be read: it then computes something else.
  public <S extends Record> Optional<String> changes(S defaults, S settings) {
    return resume.flatMap(folder -> {
      S before = Config.of(defaults).withFile(folder.resolve("config.yaml")).resolve();
      Map<String, Change> changes = Config.changes(before, settings);
      changes.values().removeIf(RunOptions::isSamePath);
      return changes.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "resumes with other settings than it began with: "
                  + changes.entrySet().stream()
                      .map(change -> said(change.getKey(), change.getValue()))
                      .collect(Collectors.joining("; ")));
    });
  }

  private static String said(String key, Change change) {
    return "%s=%s (was %s)".formatted(key, change.after(), change.before());
  }

  /// Whether a change is only a relative path in a configuration that an earlier version wrote.
  private static boolean isSamePath(Change change) {
    return !change.before().isEmpty()
        && Path.of(change.before()).toAbsolutePath().normalize().toString().equals(change.after());
  }

  /// Whether a setting is a model that is a path: a model is a text, since it may be on the hub.
  private static boolean isModel(String key, String text) {
    String name = key.substring(key.lastIndexOf('.') + 1);
    return (name.equals("model") || name.endsWith("Model"))
        && !text.startsWith("hf:")
        && Files.exists(Path.of(text));
  }
}
