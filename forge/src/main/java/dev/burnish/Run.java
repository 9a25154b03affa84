package dev.burnish;

import dev.burnish.actor.Factory;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Stop;
import dev.burnish.concurrent.Stopped;
import dev.burnish.controller.LoopBuilder;
import dev.burnish.controller.LoopHome;
import dev.burnish.controller.LoopPlan;
import dev.burnish.controller.LoopSettings;
import dev.burnish.controller.ProcessPlan;
import dev.burnish.controller.Trainers;
import dev.burnish.controller.TrainingLoop;
import dev.burnish.controller.Updates;
import dev.burnish.controller.worker.GeneratorFactory;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.placement.Demand;
import dev.burnish.mesh.placement.Placement;
import dev.burnish.metrics.ConsoleSink;
import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.Recordable;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.observe.RunDirectory;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.run.Checkpointer;
import dev.burnish.run.DryRun;
import dev.burnish.run.EarlyStopping;
import dev.burnish.run.LiveProgress;
import dev.burnish.run.MachineMetrics;
import dev.burnish.run.RunEnd;
import dev.burnish.run.RunOptions;
import dev.burnish.run.RunOptions.Mode;
import dev.burnish.run.RunStatus;
import dev.burnish.run.RunSummary;
import dev.burnish.run.SampleLog;
import dev.burnish.run.StepLoop;
import dev.burnish.run.StepRecorder;
import dev.burnish.run.Steps;
import dev.burnish.run.TrainedModel;
import dev.burnish.run.Workers;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import dev.burnish.service.ServiceOptions;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.Checkpointed;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.Trainer;
import dev.burnish.train.checkpoint.Best.Goal;
import dev.burnish.train.checkpoint.CheckpointConfig;
import dev.burnish.train.checkpoint.Resumable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

// Over 400 lines: everything that a script calls in one place, two thirds of it documentation; the
// parts that implement it are in dev.burnish.run.

/// The root of a script: its settings, its folder, its steps with their numbers and checkpoints,
/// and the processes that work for it.
///
/// ```java
/// try (var run = Run.start("name", Settings.defaults(), args)) {
///   ...
///   var trainer = run.keep(model, tokenizer, new LocalTrainer(...));
///   for (long step : run.steps(run.settings().steps())) {
///     run.record(learner.step(groups));
///   }
/// }
/// ```
///
/// `runs/<id>/` holds everything (see [RunDirectory]). A run that was stopped is resumed with
/// `--resume runs/<id>`: [#steps] then begins after the last checkpoint. Settings that are paths
/// are absolute, so that a run can be resumed from any folder. A run continues when its standard
/// output is closed, as in `| head`.
///
/// Threading: one thread, that of the training loop, sets the run up, runs [#steps] and closes it.
/// Every thread may record, write samples, [#say] something, set numbers of the summary, ask for a
/// checkpoint and [#finish] at any time; a thread that works for a later step, such as a rollout,
/// does so through [#at].
public final class Run<S extends Record> implements AutoCloseable {
  private final S settings;
  private final Mode mode;
  private final RunDirectory folder;
  private final Checkpointer checkpoints;
  private final RunSummary summary = new RunSummary();
  private final MachineMetrics machine = new MachineMetrics();
  private final LiveProgress progress = new LiveProgress();
  private final StepRecorder.Whole whole = new StepRecorder.Whole(summary, machine, progress);
  private final Metrics metrics;
  private final SampleLog samples;
  private final StepRecorder present;
  private final StepLoop loop;
  private final Steps steps;
  private final Workers workers = new Workers();
  private final Stop stop = Stop.listen();
  // By the folder of each; the first is that of the run.
  private final Map<Path, TrainedModel> models = new LinkedHashMap<>();
  private final DryRun dryRun = new DryRun();
  private Optional<TrainingLoop> rollouts = Optional.empty();
  private GeneratorFactory generators = GeneratorFactory.plain();
  private Ending loopMemory = () -> {};

  /// Frees something at the end.
  private interface Ending extends AutoCloseable {
    @Override
    void close();
  }

  private Run(String name, S settings, RunOptions options) {
    this.settings = settings;
    mode = options.mode();
    folder = open(name, options);
    try {
      checkpoints = new Checkpointer(folder.path().resolve("checkpoints"), this::say);
      checkpoints.keep("run", summary);
      long done = checkpoints.firstStep();
      if (options.resume().isPresent() && mode == Mode.TRAIN) {
        folder.keepUntil(done);
      } else {
        folder.writeConfig(settings);
      }
      metrics =
          mode == Mode.TRAIN
              ? new Metrics(folder.metrics(), folder.tensorBoard(done), progress)
              : new Metrics();
      samples =
          new SampleLog(folder.samples(), done, mode == Mode.TRAIN ? progress::samples : _ -> {});
      present = new StepRecorder(metrics, samples::add, whole);
      loop = new StepLoop(done, this::updates);
      steps =
          new Steps(
              mode, stop, loop, checkpoints, new Steps.Parts(metrics, samples, present, whole));
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
    FaultPoint.reach("run.open");
  }

  /// Updates of all trainers so far.
  private long updates() {
    return checkpoints.trainers().stream().mapToLong(Checkpointed::stepsDone).sum();
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
    Optional<String> changes = options.changes(defaults, settings);
    Run<S> run = new Run<>(name, settings, options);
    changes.ifPresent(run::say);
    return run;
  }

  public S settings() {
    return settings;
  }

  public Path folder() {
    return folder.path();
  }

  /// Whether the run begins with its first step: work that comes before the steps, such as a
  /// warm-up, is skipped in a run that is resumed from a checkpoint and in a dry run.
  public boolean isFresh() {
    return !checkpoints.isResumed() && mode == Mode.TRAIN;
  }

  /// Shows a line to the user.
  public void say(String text) {
    progress.message(text);
  }

  /// Sets the seed that determines all numbers of the run; it is part of the summary.
  ///
  /// @throws IllegalArgumentException if the run is resumed and began with another seed
  public void seed(long seed) {
    summary.seed(seed);
  }

  /// The seed of the rollouts of a step: a function of the run's seed and the step alone.
  ///
  /// @throws IllegalStateException if the seed of the run was not set
  public long rolloutSeed(long step) {
    return KeyedRandom.bits(summary.seed(), "rollouts", step);
  }

  /// Creates the trainer of a published model as the settings say, and keeps both: adapts the
  /// model, sets the seed and when checkpoints are written.
  ///
  /// @return as [#keep(LanguageModel, Tokenizer, LocalTrainer)] does
  public Trainer trainer(Pretrained base, TrainingSettings training) {
    return trainer(base, training, 1);
  }

  /// The same with several updates per step.
  public Trainer trainer(Pretrained base, TrainingSettings training, int updatesPerStep) {
    seed(training.seed());
    checkpoints(training.checkpoints());
    base.model().adapt(training.lora(), training.seed());
    return keep(
        base.model(),
        base.tokenizer(),
        training.trainer(base.model(), training.optimizer(), updatesPerStep));
  }

  /// Creates a critic of a published model and its trainer in this process, and keeps both under
  /// the name `critic`: it begins with the model's weights, and is adapted as the policy is. Its
  /// memory comes on top of the policy's. For a script without a loop: that of one is in a process
  /// of its own, see [Updates#withCritic].
  ///
  /// @param training of the policy; all but the optimizer holds for the critic too
  /// @param optimizer of the critic
  /// @return as [#keep(LanguageModel, Tokenizer, LocalTrainer)] does
  public Trainer critic(
      Pretrained base, TrainingSettings training, OptimizerConfig optimizer, int updatesPerStep) {
    // An adaptation of the policy may already be that of a checkpoint.
    LoraConfig present = base.model().decoder().lora();
    LoraConfig lora = present.adapts() ? present : training.lora();
    LanguageModel critic = base.model().critic(lora, training.seed());
    return keep(
        "critic", critic, base.tokenizer(), training.trainer(critic, optimizer, updatesPerStep));
  }

  /// Registers what checkpoints and the final `model/` hold, and restores it from the last
  /// checkpoint when the run is resumed.
  ///
  /// @return what the script must train with: the given trainer, or in a dry run one that plans
  ///   steps instead of doing them
  public Trainer keep(LanguageModel languageModel, Tokenizer tokenizer, LocalTrainer training) {
    Trainer result = keep("", languageModel, tokenizer, training);
    sayIfResumed();
    return result;
  }

  /// Adds another model that the run trains, such as a critic, to checkpoints, and restores it when
  /// the run is resumed. At the end it is written to `<name>/model/`.
  ///
  /// @param name in lower-case letters, digits and dashes; empty for the model of the run
  /// @return as [#keep(LanguageModel, Tokenizer, LocalTrainer)] does
  public Trainer keep(
      String name, LanguageModel languageModel, Tokenizer tokenizer, LocalTrainer training) {
    keep(name, new TrainedModel(languageModel, tokenizer), training);
    return mode == Mode.DRY_RUN ? dryRun.plan(training) : training;
  }

  private void keep(String name, TrainedModel trained, Checkpointed training) {
    checkpoints.keep(name, training);
    models.put(Path.of(name), trained);
    String who = name.isEmpty() ? "" : name + ": ";
    training.health().onAlarm(alarm -> say(who + alarm.words()));
  }

  private void sayIfResumed() {
    if (checkpoints.isResumed()) {
      say("resumes after step %d of %s".formatted(loop.completed(), folder.id()));
    }
  }

  /// Creates a loop of rollouts and training over a published model, as the settings say: adapts
  /// the model, sets the seed and when checkpoints are written. Its parts are in processes of their
  /// own or in threads of this one, and end with the run. The loop takes the model over: use
  /// [TrainingLoop#policy] and [TrainingLoop#reference] from then on.
  ///
  /// @param prompts whose groups a step trains on
  public TrainingLoop loop(
      Pretrained base, TrainingSettings training, LoopSettings settings, int prompts) {
    return loop(base, training, settings, prompts, Updates.of(1));
  }

  /// The same with several updates per step, or with a critic: it is kept under the name `critic`,
  /// begins with the model's weights, and is adapted as the policy is.
  public TrainingLoop loop(
      Pretrained base,
      TrainingSettings training,
      LoopSettings settings,
      int prompts,
      Updates updates) {
    checkpoints(training.checkpoints());
    base.model().adapt(training.lora(), training.seed());
    return loop(
        new TrainedModel(base.model(), base.tokenizer()),
        new LoopPlan(
            training.seed(),
            training.steps(),
            updates,
            prompts,
            training.optimizer(),
            training.train()),
        settings);
  }

  /// Sets how the generators of a loop that is created afterwards are made, so that they have parts
  /// of the script: processors of logits, an observer of steps, the order of requests. A dry run
  /// generates without them.
  public void generators(GeneratorFactory factory) {
    generators = factory;
  }

  /// The memory of trainers is kept before the processes start: a checkpoint is restored in it.
  private TrainingLoop loop(TrainedModel policy, LoopPlan plan, LoopSettings settings) {
    seed(plan.seed());
    if (mode == Mode.DRY_RUN) {
      return planned(policy, plan, settings);
    }
    workers.processes(settings.processes());
    workers.on(settings.hosts());
    LoopBuilder builder = new LoopBuilder(home(), settings, plan, policy);
    loopMemory = builder::close;
    builder.kept().forEach(each -> keep(each.name(), each.model(), each.state()));
    sayIfResumed();
    TrainingLoop started = builder.start(generators);
    rollouts = Optional.of(started);
    checkpoints.keep("rollouts", started.state());
    return started;
  }

  private TrainingLoop planned(TrainedModel policy, LoopPlan plan, LoopSettings settings) {
    say(ProcessPlan.of(settings, plan, policy.model()).table());
    LoraConfig lora = policy.model().decoder().lora();
    Trainer trainer = planner("", policy, plan.optimizer(), plan);
    Optional<Trainer> critic =
        plan.updates()
            .critic()
            .map(optimizer -> {
              LanguageModel model = policy.model().critic(lora, plan.seed());
              return planner(
                  "critic", new TrainedModel(model, policy.tokenizer()), optimizer, plan);
            });
    sayIfResumed();
    Trainers planners = new Trainers(trainer, critic);
    TrainingLoop inline = TrainingLoop.planned(home(), settings, plan, policy, planners);
    rollouts = Optional.of(inline);
    return inline;
  }

  private Trainer planner(
      String name, TrainedModel trained, OptimizerConfig optimizer, LoopPlan plan) {
    LocalTrainer local =
        new LocalTrainer(
            trained.model().decoder(), optimizer, plan.totalUpdates(), plan.train().options());
    return keep(name, trained.model(), trained.tokenizer(), local);
  }

  private LanguageModel policy() {
    return Optional.ofNullable(models.get(Path.of("")))
        .orElseThrow(() ->
            new IllegalStateException(
                "a run must keep the model that it trains before it has a reference: kept="
                    + models.keySet()))
        .model();
  }

  private LoopHome home() {
    return new RunHome(this, loop::completed, () -> reference(policy()));
  }

  /// Adds the state of another object to checkpoints, and restores it when the run is resumed.
  ///
  /// @param name in lower-case letters, digits and dashes, under which checkpoints store it
  public void keep(String name, Resumable other) {
    checkpoints.keep(name, other);
  }

  /// The model as it is when the run begins, frozen, to measure the divergence from it: the base of
  /// an adapted model, else a copy, also for a model that began from an adapter. A resumed run has
  /// the copy of its beginning.
  public LanguageModel reference(LanguageModel policy) {
    LoraConfig lora = policy.decoder().lora();
    if (lora.adapts() && !lora.goesOn()) {
      return policy.base();
    }
    Path saved = folder.path().resolve("reference");
    if (mode == Mode.DRY_RUN) {
      return policy.copy();
    }
    if (checkpoints.isResumed()) {
      return LanguageModel.load(saved);
    }
    policy.save(saved, DType.F32);
    return policy.copy();
  }

  /// Sets where and how the processes of the run are started, before the first one is: on hosts, or
  /// as threads of this process. By default they are processes of this host.
  ///
  /// @throws IllegalStateException if processes were started already
  public void job(JobOptions options) {
    workers.options(options);
  }

  /// The hosts on which the processes of the run are started.
  public HostMesh hosts() {
    return workers.hosts();
  }

  /// This host, for processes that share its memory, wherever [#hosts] are.
  HostMesh here() {
    return workers.here();
  }

  /// Starts processes that end with the run, along the axis `procs`; actors are spawned in them.
  ///
  /// @param each the resources of every process
  public ProcMesh procs(String name, int count, Resources each) {
    return hosts().spawnProcs(name, count, Demand.none(), each, Placement.spread());
  }

  /// Starts one actor in a light process of its own, which ends with the run.
  ///
  /// @param type its interface
  public <T> T actor(String name, Class<T> type, Factory.Of0<? extends T> factory) {
    return procs(name, 1, Resources.light()).spawn(name, type, factory).only();
  }

  /// Starts one actor that is constructed with an argument, as [#actor(String, Class, Factory.Of0)]
  /// does.
  public <T, A> T actor(String name, Class<T> type, Factory.Of1<? extends T, A> factory, A a) {
    return procs(name, 1, Resources.light()).spawn(name, type, factory, a).only();
  }

  /// Starts replicas of an object in processes of their own, which end with the run; see [Service].
  ///
  /// @param type its interface
  /// @param factory such as `Reward::exact`
  public <T> OwnedService<T> service(
      String name, Class<T> type, Factory.Of0<? extends T> factory, ServiceOptions options) {
    return Service.start(hosts(), name, type, factory, options);
  }

  /// Starts replicas that are constructed with an argument.
  public <T, A> OwnedService<T> service(
      String name,
      Class<T> type,
      Factory.Of1<? extends T, A> factory,
      A a,
      ServiceOptions options) {
    return Service.start(hosts(), name, type, factory, a, options);
  }

  /// An object that is called as one but has a number of replicas in processes of their own; with 0
  /// replicas, an object of this process, which is closed with the run if it can be.
  ///
  /// @param type its interface
  /// @param factory such as `Reward::exact`
  public <T> T replicas(
      String name, Class<T> type, Factory.Of0<? extends T> factory, int replicas) {
    if (replicas > 0) {
      OwnedService<T> started = service(name, type, factory, ServiceOptions.replicas(replicas));
      if (rollouts.isPresent() && mode == Mode.TRAIN) {
        say(TrainingLoop.processes(name, started, replicas));
      }
      return started.route();
    }
    try {
      T object = factory.make();
      workers.keep(object);
      return object;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "the factory must make an object: name=%s (%s); mend what it calls".formatted(name, e),
          e);
    }
  }

  /// Sets the number of steps between two checkpoints; 100 unless set.
  public void checkpointEvery(long steps) {
    checkpoints.every(steps);
  }

  /// Sets how many of the latest checkpoints are kept; 2 unless set.
  public void keepCheckpoints(int number) {
    checkpoints.keep(number);
  }

  /// Sets when checkpoints are written, and which are kept.
  public void checkpoints(CheckpointConfig config) {
    checkpointEvery(config.every());
    keepCheckpoints(config.keep());
    if (!config.best().isEmpty()) {
      keepBest(config.best(), config.goal());
    }
  }

  /// Requests a checkpoint of the step that is completed next.
  public void checkpoint() {
    checkpoints.request();
  }

  /// Keeps the checkpoint of the step that is best by a metric, written when the metric is
  /// recorded. If that step is not the last, its model is in `best/` at the end.
  public void keepBest(String metric, Goal goal) {
    checkpoints.keepBest(metric, goal);
  }

  /// The remaining steps, from 1 or from the one after the last checkpoint.
  ///
  /// A step is open from [java.util.Iterator#next] until [java.util.Iterator#hasNext] is asked for
  /// the one after it. That completes it: its metrics are written, then its checkpoint where one is
  /// due. Asking again changes nothing. The loop ends after `total` steps, after the step in which
  /// [#finish] was called, and after the one in which the process was asked to stop; then the last
  /// checkpoint is on the disk. A loop that is left in the middle of a step, by an exception or
  /// `break`, leaves the step undone, and the run counts as failed, unless [#finish] was called
  /// before: [#close] then completes it.
  ///
  /// @throws IllegalArgumentException if `total` is negative
  public Iterable<Long> steps(long total) {
    if (total < 0) {
      throw new IllegalArgumentException(
          "a run must have steps: steps=%d; give how many there are from the beginning"
              .formatted(total));
    }
    loop.total(total);
    summary.totalSteps(total).ifPresent(before -> sayIfRatesChange(before, total));
    if (checkpoints.isResumed() && mode == Mode.TRAIN && loop.completed() >= total) {
      say(
          "nothing is left to do: %d steps are done, steps=%d; raise it to resume"
              .formatted(loop.completed(), total));
    }
    // Only now: a run that is resumed with settings that it refuses keeps its own.
    folder.writeConfig(settings);
    if (mode == Mode.DRY_RUN) {
      machine.sgemmGflops();
      dryRun.begin();
    } else {
      progress.begin(total);
    }
    return steps;
  }

  private void sayIfRatesChange(long before, long total) {
    if (before != total
        && checkpoints.trainers().stream().anyMatch(Checkpointed::ratesFollowTotalSteps)) {
      say(
          "the schedule of the learning rate depends on the number of steps: from here on the rates are those of a run of %d steps, before they were those of one of %d"
              .formatted(total, before));
    }
  }

  /// Takes numbers and samples for the present step or a later one, from any thread. They are
  /// written when that step is completed.
  ///
  /// @param step counted from 1
  /// @throws IllegalArgumentException if the step was completed; the recorder's methods throw it
  ///   too once it is
  public StepRecorder at(long step) {
    if (step <= loop.completed()) {
      throw new IllegalArgumentException(
          "a number must be recorded before its step is written: step=%d, written=%d; record it with a later step"
              .formatted(step, loop.completed()));
    }
    return new StepRecorder(metrics.at(step), groups -> samples.add(step, groups), whole);
  }

  /// Records a number of the present step that the seed determines.
  public void record(String key, double value) {
    present.record(key, value);
  }

  /// Records a number of the present step that depends on the machine.
  public void time(String key, double value) {
    present.time(key, value);
  }

  /// Records all numbers of a report for the present step.
  public void record(Recordable report) {
    present.record(report);
  }

  /// Records how rows were loaded, and returns them: how many were left out, and why the first of
  /// them were.
  public <R extends Recordable> R loaded(R rows) {
    record(rows);
    return rows;
  }

  /// Records a number that must be the same when the run is resumed, such as the number of rows of
  /// its data; part of the summary. Must be called after [#keep].
  ///
  /// @throws IllegalArgumentException if the run is resumed with another value
  public void pin(String key, double value) {
    Optional<Double> before = checkpoints.isResumed() ? summary.get(key) : Optional.empty();
    if (before.isPresent() && before.get() != value) {
      throw new IllegalArgumentException(
          "a run must be resumed with what it began with: %s=%s, was %s; give the data and settings of its beginning"
              .formatted(key, value, before.get()));
    }
    summary(key, value);
  }

  /// Whether the present step is the last, or a multiple of `steps`; never for 0.
  ///
  /// @throws IllegalArgumentException if `steps` is negative
  public boolean every(long steps) {
    if (steps < 0) {
      throw new IllegalArgumentException(
          "a number of steps between two must be at least 0: every=%d; give 0 for never"
              .formatted(steps));
    }
    long step = loop.present();
    return steps > 0 && (step % steps == 0 || step == loop.total());
  }

  /// Keeps the lowest value of a number in the summary, as `best<Key>`, and ends the loop after
  /// `patience` steps without a lower one; 0 for never. A resumed run remembers it.
  public void stopUnlessBetter(String key, double value, long patience) {
    new EarlyStopping(summary, key)
        .end(loop.present(), value, patience)
        .ifPresent(reason -> {
          say(reason);
          finish();
        });
  }

  /// Records a measurement of the model: in a step as its metric, and as `<key>After` in the
  /// summary; before the first step as `<key>Before`. The closing message compares the two.
  ///
  /// @return the value
  public double measure(String key, double value) {
    if (loop.isOpen()) {
      record(key, value);
    }
    summary(key + (loop.isOpen() ? "After" : "Before"), value);
    compare(key, key + "Before", key + "After");
    return value;
  }

  /// Ends the loop after the present step if a number has reached its goal.
  public void stopOnceReached(String key, double value, double goal) {
    if (value >= goal) {
      say("%s has reached %.4f".formatted(key, goal));
      finish();
    }
  }

  /// Writes the episodes of the present step to `samples.jsonl`, and shows three of them now and
  /// then.
  public void samples(List<ScoredGroup> groups) {
    present.samples(groups);
  }

  /// Puts a number into `summary.json`.
  public void summary(String key, double value) {
    summary.put(key, value);
  }

  /// Adds a comparison of two numbers of the summary to the closing message, where both are there.
  ///
  /// @param what the two numbers are, such as `held-out loss`
  public void compare(String what, String before, String after) {
    summary.compare(what, before, after);
  }

  /// Ends the loop after the present step, since its goal is reached.
  public void finish() {
    loop.finish();
  }

  /// Writes the model, the summary and the report, and releases the folder.
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
        Ending _ = loopMemory;
        workers) {
      steps.leave(this::say);
      rollouts.ifPresent(TrainingLoop::close);
      RunStatus status = steps.status();
      boolean failed = status == RunStatus.FAILED;
      if (!models.isEmpty() && !failed && loop.completed() > 0) {
        FaultPoint.reach("run.model");
        saveModels(folder.path());
        saveBest();
      }
      RunEnd end = new RunEnd(status, loop.present());
      folder.writeSummary(
          summary.all(folder.id(), end, checkpoints.failed(), machine.sgemmGflops()));
      folder.writeReport();
      if (!failed) {
        say(summary.closing(end, folder.path()));
      }
    }
  }

  private void saveModels(Path place) {
    models.forEach((name, trained) -> trained.save(place.resolve(name)));
  }

  /// Afterwards the weights are those of the best step.
  private void saveBest() {
    checkpoints
        .best()
        .filter(best -> best.number() != loop.completed())
        .ifPresent(best -> {
          Path place = folder.path().resolve("best");
          checkpoints.restoreBest(best);
          saveModels(place);
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
      rollouts.ifPresent(TrainingLoop::close);
      if (steps.status() != RunStatus.FAILED) {
        say(
            models.isEmpty()
                ? "dry run: the script keeps no trainer whose steps to plan"
                : dryRun.report());
      }
    } finally {
      DryRun.remove(folder.path().resolveSibling(""));
    }
  }
}
