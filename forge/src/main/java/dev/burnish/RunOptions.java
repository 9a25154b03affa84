package dev.burnish;

import dev.burnish.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a script was started with: `--set key=value` and `--config FILE`, both repeatable,
/// `--resume FOLDER`, `--runs FOLDER`, `--dry-run`.
record RunOptions(
    List<Path> configs, List<String> settings, Optional<Path> resume, Path runs, Mode mode) {
  /// What becomes of the run.
  enum Mode {
    TRAIN,
    DRY_RUN
  }

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
                "a script takes --set key=value, --config FILE, --resume FOLDER, --runs FOLDER and --dry-run: option="
                    + name);
      }
    }
    return new RunOptions(configs, settings, resume, runs, mode);
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
