package dev.burnish;

import dev.burnish.concurrent.Stop;
import dev.burnish.data.Loaded;
import dev.burnish.generate.BatchGenerator;
import dev.burnish.kernel.Calibration;
import dev.burnish.metrics.JsonLines;
import dev.burnish.metrics.MetricSink;
import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.Reduce;
import dev.burnish.metrics.StepMetrics;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.PeftAdapter;
import dev.burnish.observe.HostFacts;
import dev.burnish.observe.Progress;
import dev.burnish.observe.RunDirectory;
import dev.burnish.rl.Episode;
import dev.burnish.rl.EvalReport;
import dev.burnish.rl.PolicyReport;
import dev.burnish.rl.PreferenceMetrics;
import dev.burnish.rl.PreferenceReport;
import dev.burnish.tensor.DType;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.Snapshot;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// One training run of a script: its settings, its folder, what it shows while it goes, and its
/// checkpoints.
///
/// ```java
/// try (var run = Run.start("name", Settings.defaults(), args)) {
///   ...
///   run.keep(model, tokenizer, trainer);
///   for (long step : run.steps(run.settings().steps())) {
///     run.record(policy.step(episodes));
///   }
/// }
/// ```
///
/// `runs/<id>/` holds everything (see [RunDirectory]). A run that was stopped goes on with
/// `--resume runs/<id>`: [#steps] then begins after the last checkpoint. For one thread.
public final class Run<S extends Record> implements AutoCloseable {
  private static final Map<String, String> COLUMNS = columns();

  private final S settings;
  private final RunDirectory folder;
  private final Optional<Path> snapshot;
  private final long firstStep;
  private final Map<String, Object> summary = new LinkedHashMap<>();
  private final Deferred progress = new Deferred();
  private final Metrics metrics;
  private final JsonLines samples;
  private final Stop stop = Stop.listen();
  private String status = "failed";
  private long lastStep;
  private long checkpointEvery = 100;
  private long totalSteps;
  private boolean finished;
  private @Nullable LanguageModel model;
  private @Nullable Tokenizer tokenizer;
  private @Nullable Trainer trainer;

  private Run(String name, S settings, RunOptions options) {
    this.settings = settings;
    boolean resumed = options.resume().isPresent();
    folder =
        resumed
            ? RunDirectory.resume(options.resume().orElseThrow())
            : RunDirectory.create(options.runs(), name);
    try {
      snapshot = Snapshot.latest(folder.path().resolve("checkpoints"));
      firstStep = snapshot.map(Run::number).orElse(0L);
      lastStep = firstStep;
      if (resumed) {
        folder.keepUntil(firstStep);
      }
      folder.writeConfig(settings);
      metrics = new Metrics(folder.metrics(), progress);
      samples = folder.samples();
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  private static long number(Path snapshot) {
    return Long.parseLong(snapshot.getFileName().toString().substring("step-".length()));
  }

  private static Map<String, String> columns() {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("reward", "reward");
    columns.put("accuracy", "accuracy");
    columns.put("loss", "loss");
    columns.put("evalLoss", "held-out loss");
    columns.put("perplexity", "perplexity");
    columns.put("margin", "margin");
    columns.put("kl", "kl");
    columns.put("entropy", "entropy");
    columns.put("generateTokensPerSecond", "gen tok/s");
    columns.put("trainTokensPerSecond", "train tok/s");
    return columns;
  }

  /// Resolves the settings and opens the run's folder.
  ///
  /// @param defaults every setting with its default
  /// @param args of the script: `--set key=value`, `--config FILE`, `--resume FOLDER`, `--runs
  ///   FOLDER`
  public static <S extends Record> Run<S> start(String name, S defaults, String... args) {
    RunOptions options = RunOptions.parse(args);
    return new Run<>(name, options.resolve(defaults), options);
  }

  public S settings() {
    return settings;
  }

  public Path folder() {
    return folder.path();
  }

  /// Whether this run goes on from a checkpoint, so that what comes before its steps is to be left
  /// out.
  public boolean goesOn() {
    return snapshot.isPresent();
  }

  /// The setting of that name, or `none` where there is none.
  private Object setting(String name) {
    for (var component : settings.getClass().getRecordComponents()) {
      if (component.getName().equals(name)) {
        try {
          component.getAccessor().setAccessible(true);
          return component.getAccessor().invoke(settings);
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException("cannot read %s of %s".formatted(name, settings), e);
        }
      }
    }
    return "none";
  }

  /// Shows a line to the user.
  public void say(String text) {
    progress.message(text);
  }

  /// Names what checkpoints and the final `model/` hold, and restores it from the last checkpoint
  /// where the run goes on.
  public void keep(LanguageModel languageModel, Tokenizer text, Trainer training) {
    model = languageModel;
    tokenizer = text;
    trainer = training;
    if (snapshot.isPresent()) {
      Snapshot.State state = Snapshot.load(snapshot.get(), training);
      state.notes().forEach((key, value) -> summary.put(key, Double.valueOf(value)));
      say("goes on after step %d of %s".formatted(firstStep, folder.id()));
    }
  }

  /// The model as it is when the run begins, frozen, for the divergence from it: of an adapted one
  /// its base, else a copy. A run that goes on has the copy of its beginning.
  public LanguageModel reference(LanguageModel policy) {
    if (policy.decoder().lora().adapts()) {
      return policy.base();
    }
    Path saved = folder.path().resolve("reference");
    if (goesOn()) {
      return LanguageModel.load(saved);
    }
    policy.save(saved, DType.F32);
    return policy.copy();
  }

  /// Steps between two checkpoints; 100 unless set.
  public void checkpointEvery(long steps) {
    checkpointEvery = steps;
  }

  /// The steps that are left, from 1 or from the one after the last checkpoint. Between two of them
  /// metrics are written, and a checkpoint where one is due; the loop ends early after [#finish],
  /// and when the process was asked to stop.
  public Iterable<Long> steps(long total) {
    totalSteps = total;
    progress.begin(total);
    return () -> new Steps(total);
  }

  private final class Steps implements Iterator<Long> {
    private final long total;
    private boolean open;

    Steps(long total) {
      this.total = total;
    }

    @Override
    public boolean hasNext() {
      if (open) {
        open = false;
        end(lastStep, total);
      }
      if (lastStep >= total || finished) {
        status = "finished";
        return false;
      }
      if (stop.requested()) {
        status = "stopped";
        return false;
      }
      return true;
    }

    @Override
    public Long next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      open = true;
      return ++lastStep;
    }
  }

  private void end(long step, long total) {
    metrics.flush(step);
    summary.putIfAbsent("secondsToFirstReward", secondsSinceStart());
    boolean last = step >= total || finished || stop.requested();
    if (step % checkpointEvery == 0 || last) {
      checkpoint(step);
    }
  }

  private void checkpoint(long step) {
    if (trainer != null) {
      Map<String, String> notes = new TreeMap<>();
      summary.forEach((key, value) -> {
        if (value instanceof Double number) {
          notes.put(key, number.toString());
        }
      });
      Snapshot.save(folder.path().resolve("checkpoints"), step, trainer, notes, 2);
    }
  }

  private static double secondsSinceStart() {
    return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
  }

  /// Records a number of the present step that the seed determines.
  public void record(String key, double value) {
    metrics.record(key, value, Reduce.LAST);
  }

  /// Records a number of the present step that depends on the machine.
  public void time(String key, double value) {
    metrics.time(key, value, Reduce.LAST);
  }

  /// Records what an optimizer step did.
  public void record(StepReport report) {
    record("loss", report.loss());
    record("gradNorm", report.gradientNorm());
    record("lr", report.lr());
    record("entropy", report.entropy());
    record("targets", report.targets());
    time("trainTokensPerSecond", report.tokensPerSecond());
    time("trainSeconds", report.seconds());
  }

  /// Records what an update of a policy did.
  public void record(PolicyReport report) {
    record(report.step());
    record("reward", report.reward());
    record("responseLength", report.responseLength());
    record("kl", report.loss().referenceKl());
    record("oldKl", report.loss().oldKl());
    record("clipFraction", report.loss().clipFraction());
  }

  /// Records what an update from preference pairs did.
  public void record(PreferenceReport report) {
    record(report.step());
    record("", report.metrics());
  }

  /// Records how a policy judges held-out pairs, under keys that begin with `eval`, and puts the
  /// loss and the accuracy into the summary.
  public void record(PreferenceMetrics heldOut) {
    record("eval", heldOut);
    summary("evalLoss", heldOut.loss());
    summary("evalAccuracy", heldOut.accuracy());
  }

  private void record(String prefix, PreferenceMetrics metrics) {
    if (!prefix.isEmpty()) {
      record(prefix + "Loss", metrics.loss());
    }
    record(prefixed(prefix, "margin"), metrics.margin());
    record(prefixed(prefix, "accuracy"), metrics.accuracy());
    record(prefixed(prefix, "chosenReward"), metrics.chosenReward());
    record(prefixed(prefix, "rejectedReward"), metrics.rejectedReward());
    record(prefixed(prefix, "chosenLogp"), metrics.chosenLogp());
    record(prefixed(prefix, "rejectedLogp"), metrics.rejectedLogp());
  }

  private static String prefixed(String prefix, String key) {
    return prefix.isEmpty()
        ? key
        : prefix + Character.toUpperCase(key.charAt(0)) + key.substring(1);
  }

  /// Records how well held-out documents are predicted, here and in the summary.
  public void record(EvalReport report) {
    record("evalLoss", report.loss());
    record("perplexity", report.perplexity());
    summary("evalLoss", report.loss());
    summary("perplexity", report.perplexity());
  }

  /// Says how many rows of a data set were left out, and why the first of them were, and puts the
  /// number into the summary.
  public <T> Loaded<T> loaded(Loaded<T> rows) {
    if (rows.skipped() > 0) {
      say("left out %d of %d rows:".formatted(rows.skipped(), rows.skipped() + rows.size()));
      rows.problems().forEach(this::say);
    }
    summary("skippedRows", (double) rows.skipped());
    return rows;
  }

  /// A number that a run has to have again when it goes on, such as the rows of its data; part of
  /// the summary. To be given after [#keep].
  ///
  /// @throws IllegalArgumentException if it goes on with another one
  public void pin(String key, double value) {
    if (goesOn() && summary.get(key) instanceof Double before && before != value) {
      throw new IllegalArgumentException(
          "a run goes on with what it began with: %s=%s, was %s; give the data and settings of its beginning"
              .formatted(key, value, before));
    }
    summary(key, value);
  }

  /// Whether the present step is the last, or a multiple of so many; never for 0.
  public boolean every(long steps) {
    return steps > 0 && (lastStep % steps == 0 || lastStep == totalSteps);
  }

  /// Keeps the least value that a number had in the summary, as `best<Key>`, and ends the loop
  /// after `patience` steps without a lesser one; 0 for never. A run that goes on remembers.
  public void stopUnlessBetter(String key, double value, long patience) {
    String best = prefixed("best", key);
    if (!(summary.get(best) instanceof Double least) || value < least) {
      summary(best, value);
      summary(best + "Step", lastStep);
    } else if (patience > 0
        && summary.get(best + "Step") instanceof Double step
        && lastStep - step >= patience) {
      say("%s has not been below %.4f for %.0f steps".formatted(key, least, lastStep - step));
      finish();
    }
  }

  /// Writes the episodes of the present step to `samples.jsonl`, and shows three of them now and
  /// then.
  public void samples(List<Episode> episodes) {
    List<dev.burnish.observe.Sample> lines =
        episodes.stream().map(episode -> line(lastStep, episode)).toList();
    lines.forEach(samples::write);
    if (lastStep == 1 || lastStep % 25 == 0) {
      progress.samples(lines.subList(0, Math.min(3, lines.size())));
    }
  }

  private static dev.burnish.observe.Sample line(long step, Episode episode) {
    var completion = episode.completion();
    return new dev.burnish.observe.Sample(
        step,
        completion.version(),
        episode.prompt(),
        completion.text(),
        episode.reward(),
        episode.advantage(),
        IntStream.of(completion.tokens()).boxed().toList(),
        IntStream.range(0, completion.logprobs().length)
            .mapToObj(i -> completion.logprobs()[i])
            .toList());
  }

  /// Records how fast a generator was since it was last asked.
  public void record(BatchGenerator.Throughput throughput) {
    time("generateTokensPerSecond", throughput.tokensPerSecond());
    time("generateSeconds", throughput.seconds());
  }

  /// Puts a number into `summary.json`.
  public void summary(String key, double value) {
    summary.put(key, value);
  }

  /// Ends the loop after the present step, since its goal is reached.
  public void finish() {
    finished = true;
  }

  /// Writes the model, the summary and the report, and gives the folder back.
  @Override
  public void close() {
    try (folder;
        stop;
        metrics;
        samples) {
      boolean failed = status.equals("failed");
      if (model != null && tokenizer != null && !failed) {
        model.save(folder.model());
        tokenizer.save(folder.model());
        if (model.decoder().lora().adapts()) {
          String base = String.valueOf(setting("model"));
          PeftAdapter.save(model, base, folder.path().resolve("adapter"));
        }
      }
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("id", folder.id());
      all.put("status", status);
      all.putAll(summary);
      all.put("steps", lastStep);
      all.put("seed", setting("seed"));
      all.put("seconds", secondsSinceStart());
      all.put("host", HostFacts.detect().withSgemm(Calibration.sgemmGflops()));
      folder.writeSummary(all);
      folder.writeReport();
      if (!failed) {
        progress.message(closing());
      }
    }
  }

  private String closing() {
    StringBuilder text = new StringBuilder();
    if (summary.get("accuracyBefore") instanceof Double before
        && summary.get("accuracyAfter") instanceof Double after) {
      text.append(
          "held-out accuracy %.3f before, %.3f after %d steps in %s%n"
              .formatted(
                  before,
                  after,
                  lastStep,
                  Duration.ofSeconds((long) secondsSinceStart())
                      .toString()
                      .substring(2)
                      .toLowerCase(java.util.Locale.ROOT)));
    }
    if (summary.get("evalLossBefore") instanceof Double before
        && summary.get("evalLoss") instanceof Double after) {
      text.append(
          "held-out loss %.4f before, %.4f after %d steps%n".formatted(before, after, lastStep));
    }
    if (status.equals("stopped")) {
      text.append(
          "stopped after step %d; go on with --resume %s%n".formatted(lastStep, folder.path()));
    }
    return text.append("see %s".formatted(folder.path().resolve("report.html"))).toString();
  }

  /// The terminal, which learns how many steps there are only when they begin.
  private static final class Deferred implements MetricSink {
    private Progress progress = Progress.start(1, COLUMNS);

    void begin(long total) {
      progress = Progress.start(total, COLUMNS);
    }

    void message(String text) {
      text.lines().forEach(progress::message);
    }

    void samples(List<dev.burnish.observe.Sample> lines) {
      progress.samples(lines);
    }

    @Override
    public void write(StepMetrics step) {
      progress.write(step);
    }

    @Override
    public void close() {
      progress.close();
    }
  }
}
