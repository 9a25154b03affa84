package dev.burnish;

import dev.burnish.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a script was started with: `--set key=value` and `--config FILE`, both repeatable,
/// `--resume FOLDER`, `--runs FOLDER`, `--dry-run`, `--help`.
record RunOptions(
    List<Path> configs, List<String> settings, Optional<Path> resume, Path runs, Mode mode) {
  /// What becomes of the run.
  enum Mode {
    TRAIN,
    DRY_RUN,
    /// Its options and settings are shown, and there is none.
    HELP
  }

  private static final String USAGE =
      """
      usage: ./burnish run SCRIPT.java [OPTION]...
        --set KEY=VALUE   change a setting; again for another
        --config FILE     settings from a YAML file
        --resume FOLDER   go on with a run: runs/ID
        --runs FOLDER     where the folders of runs go; runs unless set
        --dry-run         say what memory and time a step takes, and train nothing

      settings, as --set a.b=value or in a file, with their defaults:
      """;

  static RunOptions parse(String... args) {
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
                "a script takes --set key=value, --config FILE, --resume FOLDER, --runs FOLDER, --dry-run and --help: option="
                    + name);
      }
    }
    return new RunOptions(configs, settings, resume, runs, mode);
  }

  /// What a script takes.
  static String help(Record defaults) {
    return USAGE + Config.dump(defaults).stripTrailing().indent(2);
  }

  /// Defaults, then the configuration of the run to go on with, then files, then settings.
  <S extends Record> S resolve(S defaults) {
    Config<S> config = Config.of(defaults);
    if (resume.isPresent()) {
      config = config.withFile(resume.get().resolve("config.yaml"));
    }
    for (Path file : configs) {
      config = config.withFile(file);
    }
    return config.withSettings(settings).resolve();
  }
}
