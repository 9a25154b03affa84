package dev.burnish;

import dev.burnish.actor.Factory;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Stop;
import dev.burnish.concurrent.Stopped;
import dev.burnish.data.Dataset;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.learn.EvalReport;
import dev.burnish.learn.PolicyReport;
import dev.burnish.learn.PreferenceMetrics;
import dev.burnish.learn.PreferenceReport;
import dev.burnish.metrics.ConsoleSink;
import dev.burnish.metrics.JsonLines;
import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.Reduce;
import dev.burnish.metrics.StepMetrics;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.PeftAdapter;
import dev.burnish.nn.LoraConfig;
import dev.burnish.observe.RunDirectory;
import dev.burnish.observe.SampleLine;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.run.Checkpointer;
import dev.burnish.run.DryRun;
import dev.burnish.run.LiveProgress;
import dev.burnish.run.MachineMetrics;
import dev.burnish.run.ResumedSettings;
import dev.burnish.run.RunOptions;
import dev.burnish.run.RunOptions.Mode;
import dev.burnish.run.RunSummary;
import dev.burnish.run.Workers;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.tensor.DType;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.checkpoint.Best.Goal;
import dev.burnish.train.checkpoint.CheckpointConfig;
import dev.burnish.train.checkpoint.Resumable;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// One training run of a script: its settings, its folder, what it shows while it goes, and its
/// checkpoints.
///
/// ```java
/// try (var run = Run.start("name", Settings.defaults(), args)) {
///   ...
///   var trainer = run.keep(model, tokenizer, new LocalTrainer(...));
///   for (long step : run.steps(run.settings().steps())) {
///     run.record(policy.step(episodes));
///   }
/// }
/// ```
///
/// `runs/<id>/` holds everything (see [RunDirectory]). A run that was stopped goes on with
/// `--resume runs/<id>`: [#steps] then begins after the last checkpoint. Settings that are paths
/// are absolute, so that a run is resumed from any folder. A run goes on where its standard output
/// ends, as in `| head`. For one thread.
public final class Run<S extends Record> implements AutoCloseable {
  private final S settings;
  private final Mode mode;
  private final RunDirectory folder;
  private final Checkpointer checkpoints;
  private final RunSummary summary;
  private final LiveProgress progress = new LiveProgress();
  private final Metrics metrics;
  private final JsonLines samples;
  private final MachineMetrics watch = new MachineMetrics();
  private final Workers workers = new Workers();
  private final Stop stop = Stop.listen();
  private String status = "failed";
  private long lastStep;
  private long totalSteps;
  private boolean stepOpen;
  private long updatesBefore;
  private long updatesPerStep;
  private boolean finished;
  private @Nullable LanguageModel model;
  private @Nullable Tokenizer tokenizer;
  private Optional<LocalTrainer> trainer = Optional.empty();
  private Optional<DryRun> dryRun = Optional.empty();

  private Run(String name, S settings, RunOptions options) {
    this.settings = settings;
    summary = new RunSummary(settings);
    mode = options.mode();
    folder = open(name, options);
    try {
      checkpoints = new Checkpointer(folder.path().resolve("checkpoints"), this::say);
      checkpoints.keep("run", summary);
      lastStep = checkpoints.firstStep();
      if (options.resume().isPresent() && mode == Mode.TRAIN) {
        folder.keepUntil(lastStep);
      }
      folder.writeConfig(settings);
      metrics =
          mode == Mode.TRAIN
              ? new Metrics(folder.metrics(), folder.tensorBoard(lastStep), progress)
              : new Metrics();
      samples = folder.samples();
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
    FaultPoint.reach("run.open");
  }

  private static RunDirectory open(String name, RunOptions options) {
    if (options.mode() == Mode.DRY_RUN) {
      return RunDirectory.create(DryRun.folder(), name);
    }
    return options
        .resume()
        .map(RunDirectory::resume)
        .orElseGet(() -> RunDirectory.create(options.runs(), name));
  }

  /// Resolves the settings and opens the run's folder.
  ///
  /// @param defaults every setting with its default
  /// @param args of the script: `--set key=value`, `--config FILE`, `--resume FOLDER`, `--runs
  ///   FOLDER`, `--dry-run`, `--help`
  /// @throws Stopped after the options and the defaults were shown, for `--help`
  public static <S extends Record> Run<S> start(String name, S defaults, String... args) {
    RunOptions options = RunOptions.parse(RunOptions.withSettings(defaults, args));
    if (options.mode() == Mode.HELP) {
      System.out.print(RunOptions.help(defaults));
      throw new Stopped(
          "the options and settings of the script were shown: option=--help; leave it out to run");
    }
    S settings = options.resolve(defaults);
    List<String> changes =
        options
            .before(defaults)
            .map(before -> ResumedSettings.lines(before, settings))
            .orElse(List.of());
    Run<S> run = new Run<>(name, settings, options);
    changes.forEach(run::say);
    return run;
  }

  public S settings() {
    return settings;
  }

  public Path folder() {
    return folder.path();
  }

  /// Whether what comes before the steps is to be left out: this run goes on from a checkpoint, or
  /// it is a dry run.
  public boolean goesOn() {
    return checkpoints.goesOn() || mode == Mode.DRY_RUN;
  }

  /// Shows a line to the user.
  public void say(String text) {
    progress.message(text);
  }

  /// Names what checkpoints and the final `model/` hold, and restores it from the last checkpoint
  /// where the run goes on.
  ///
  /// @return what the script must train with: the given trainer, or in a dry run one that plans
  ///   steps instead of doing them
  public Trainer keep(LanguageModel languageModel, Tokenizer text, LocalTrainer training) {
    model = languageModel;
    tokenizer = text;
    trainer = Optional.of(training);
    checkpoints.keep(training);
    watch.of(training);
    training.health().onAlarm(alarm -> say(MachineMetrics.words(alarm)));
    if (checkpoints.goesOn()) {
      say("goes on after step %d of %s".formatted(lastStep, folder.id()));
    }
    if (mode == Mode.DRY_RUN) {
      DryRun dry = new DryRun(training);
      dryRun = Optional.of(dry);
      return dry.trainer();
    }
    return training;
  }

  /// Has checkpoints hold the state of something else, and restores it where the run goes on.
  ///
  /// @param name in small letters, digits and dashes, by which checkpoints know it
  public void keep(String name, Resumable other) {
    checkpoints.keep(name, other);
  }

  /// The model as it is when the run begins, frozen, for the divergence from it: of an adapted one
  /// its base, else a copy, as of one that began from an adapter. A run that goes on has the copy
  /// of its beginning.
  public LanguageModel reference(LanguageModel policy) {
    LoraConfig lora = policy.decoder().lora();
    if (lora.adapts() && !lora.goesOn()) {
      return policy.base();
    }
    Path saved = folder.path().resolve("reference");
    if (mode == Mode.DRY_RUN) {
      return policy.copy();
    }
    if (goesOn()) {
      return LanguageModel.load(saved);
    }
    policy.save(saved, DType.F32);
    return policy.copy();
  }

  /// Starts replicas of something in processes of their own, which end with the run; see [Service].
  ///
  /// @param type its interface
  /// @param factory such as `Reward::exact`
  public <T> Service<T> service(
      String name, Class<T> type, Factory.Of0<? extends T> factory, ServiceOptions options) {
    return Service.start(workers.hosts(), name, type, factory, options);
  }

  /// Steps between two checkpoints; 100 unless set.
  public void checkpointEvery(long steps) {
    checkpoints.every(steps);
  }

  /// How many of the latest checkpoints stay; 2 unless set.
  public void keepCheckpoints(int number) {
    checkpoints.keep(number);
  }

  /// When checkpoints are written, and which stay.
  public void checkpoints(CheckpointConfig config) {
    checkpointEvery(config.every());
    keepCheckpoints(config.keep());
    if (!config.best().isEmpty()) {
      keepBest(config.best(), config.goal());
    }
  }

  /// Has the step that is best by a metric keep its checkpoint, written when it is recorded. Where
  /// that is another than the last, its model is in `best/` in the end.
  public void keepBest(String metric, Goal goal) {
    checkpoints.keepBest(metric, goal);
  }

  /// The steps that are left, from 1 or from the one after the last checkpoint. Between two of them
  /// metrics are written, and a checkpoint where one is due; the loop ends early after [#finish],
  /// and when the process was asked to stop.
  ///
  /// @throws IllegalArgumentException if there are fewer than none
  public Iterable<Long> steps(long total) {
    if (total < 0) {
      throw new IllegalArgumentException(
          "a run has steps: steps=%d; give how many there are from the beginning".formatted(total));
    }
    totalSteps = total;
    if (goesOn() && mode == Mode.TRAIN && lastStep >= total) {
      say(
          "nothing is left to do: %d steps are done, steps=%d; raise it to go on"
              .formatted(lastStep, total));
    }
    if (mode == Mode.DRY_RUN) {
      watch.sgemmGflops();
      dryRun.ifPresent(DryRun::begin);
    } else {
      progress.begin(total);
    }
    return () -> new Steps(total);
  }

  private final class Steps implements Iterator<Long> {
    private final long total;

    Steps(long total) {
      this.total = total;
    }

    @Override
    public boolean hasNext() {
      if (stepOpen) {
        end(lastStep, total);
      }
      if (lastStep >= total || finished || (mode == Mode.DRY_RUN && lastStep > 0)) {
        status = "finished";
      } else if (stop.requested()) {
        status = "stopped";
      } else {
        return true;
      }
      if (mode == Mode.TRAIN && lastStep > 0) {
        checkpoints.finish(lastStep);
      }
      return false;
    }

    @Override
    public Long next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      stepOpen = true;
      updatesBefore = updates();
      FaultPoint.reach("run.step");
      return ++lastStep;
    }
  }

  private long updates() {
    return trainer.map(LocalTrainer::stepsDone).orElse(0L);
  }

  private void end(long step, long total) {
    stepOpen = false;
    updatesPerStep = updates() - updatesBefore;
    watch.times(step, total, this::time);
    watch.alarms(this::record);
    FaultPoint.reach("run.flush");
    StepMetrics written = metrics.flush(step);
    FaultPoint.reach("run.flushed");
    summary.firstReward();
    if (mode == Mode.TRAIN) {
      checkpoints.after(written);
    }
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
    watch.step(report, this::time);
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
    record(prefixed(prefix, "chosenLogp"), metrics.chosenLogprob());
    record(prefixed(prefix, "rejectedLogp"), metrics.rejectedLogprob());
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
  public <T> Dataset<T> loaded(Dataset<T> rows) {
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
    Optional<Double> before = goesOn() ? summary.get(key) : Optional.empty();
    if (before.isPresent() && before.get() != value) {
      throw new IllegalArgumentException(
          "a run goes on with what it began with: %s=%s, was %s; give the data and settings of its beginning"
              .formatted(key, value, before.get()));
    }
    summary(key, value);
  }

  /// Whether the present step is the last, or a multiple of so many; never for 0.
  ///
  /// @throws IllegalArgumentException if it is below 0
  public boolean every(long steps) {
    if (steps < 0) {
      throw new IllegalArgumentException(
          "what recurs does so every so many steps: every=%d; give 0 for never".formatted(steps));
    }
    return steps > 0 && (lastStep % steps == 0 || lastStep == totalSteps);
  }

  /// Keeps the least value that a number had in the summary, as `best<Key>`, and ends the loop
  /// after `patience` steps without a lesser one; 0 for never. A run that goes on remembers.
  public void stopUnlessBetter(String key, double value, long patience) {
    String best = prefixed("best", key);
    Optional<Double> least = summary.get(best);
    double since = lastStep - summary.get(best + "Step").orElse(0.0);
    if (least.isEmpty() || value < least.get() || Double.isNaN(least.get())) {
      summary(best, value);
      summary(best + "Step", lastStep);
    } else if (patience > 0 && since >= patience) {
      say("%s has not been below %.4f for %.0f steps".formatted(key, least.get(), since));
      finish();
    }
  }

  /// Writes the episodes of the present step to `samples.jsonl`, and shows three of them now and
  /// then.
  public void samples(List<ScoredGroup> groups) {
    List<SampleLine> lines =
        groups.stream()
            .flatMap(
                group -> group.episodes().stream().map(e -> line(lastStep, group.problem(), e)))
            .toList();
    lines.forEach(samples::write);
    if (mode == Mode.DRY_RUN) {
      return;
    }
    if (lastStep == 1 || lastStep % 25 == 0) {
      progress.samples(lines.subList(0, Math.min(3, lines.size())));
    }
  }

  private static SampleLine line(long step, Problem problem, Episode episode) {
    List<Completion> said = episode.sampled().stream().map(Sampled::completion).toList();
    return new SampleLine(
        step,
        episode.versions().oldest(),
        problem.prompt(),
        said.stream().map(Completion::text).collect(Collectors.joining()),
        episode.reward(),
        episode.advantage(),
        said.stream().flatMapToInt(c -> IntStream.of(c.tokens())).boxed().toList(),
        said.stream()
            .flatMap(c -> IntStream.range(0, c.logprobs().length).mapToObj(i -> c.logprobs()[i]))
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

  /// What was no step has ended since the process was asked to stop. A step whose updates are done
  /// counts, without what was measured after them; one that has changed nothing is as if it had not
  /// begun; from one in between nothing can be resumed.
  private void stopHere() {
    status = "stopped";
    long done = stepOpen ? updates() - updatesBefore : 0;
    if (stepOpen && done > 0 && done >= updatesPerStep) {
      say("what is measured after step %d is left out".formatted(lastStep));
      end(lastStep, totalSteps);
    } else if (stepOpen) {
      stepOpen = false;
      lastStep--;
      if (done > 0) {
        say("step %d was half done; the checkpoint before it stays".formatted(lastStep + 1));
        return;
      }
    }
    if (lastStep > checkpoints.firstStep()) {
      checkpoints.finish(lastStep);
    }
  }

  /// Writes the model, the summary and the report, and gives the folder back.
  @Override
  public void close() {
    if (mode == Mode.DRY_RUN) {
      closeDry();
      return;
    }
    try (folder;
        stop;
        metrics;
        samples;
        checkpoints;
        workers) {
      if (status.equals("failed") && Stop.wasHonoured()) {
        stopHere();
      }
      boolean failed = status.equals("failed");
      if (model != null && tokenizer != null && !failed && lastStep > 0) {
        FaultPoint.reach("run.model");
        save(model, tokenizer, folder.path());
        saveBest(model, tokenizer);
      }
      folder.writeSummary(
          summary.all(folder.id(), status, lastStep, checkpoints.failed(), watch.sgemmGflops()));
      folder.writeReport();
      if (!failed) {
        progress.message(summary.closing(status, lastStep, folder.path()));
      }
    }
  }

  private void save(LanguageModel trained, Tokenizer text, Path place) {
    trained.save(place.resolve("model"));
    text.save(place.resolve("model"));
    if (trained.decoder().lora().adapts()) {
      PeftAdapter.save(trained, summary.setting("model"), place.resolve("adapter"));
    }
  }

  /// The weights are those of the best step afterwards.
  private void saveBest(LanguageModel trained, Tokenizer text) {
    Path place = folder.path().resolve("best");
    checkpoints
        .best()
        .filter(best -> best.number() != lastStep)
        .ifPresent(best -> {
          trainer.ifPresent(of -> of.restoreWeights(checkpoints.open(best)));
          save(trained, text, place);
          summary.put("bestStep", best.number());
          say(
              "best %s %s at step %d: see %s"
                  .formatted(
                      best.metric(), ConsoleSink.format(best.value()), best.number(), place));
        });
  }

  private void closeDry() {
    try (folder;
        stop;
        metrics;
        samples;
        workers) {
      if (!status.equals("failed")) {
        say(
            dryRun
                .map(DryRun::report)
                .orElse("dry run: the script keeps no trainer whose steps to plan"));
      }
    } finally {
      DryRun.remove(folder.path().resolveSibling(""));
    }
  }
}
