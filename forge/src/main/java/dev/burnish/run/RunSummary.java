package dev.burnish.run;

import dev.burnish.observe.HostFacts;
import dev.burnish.train.checkpoint.Resumable;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/// The numbers of a run as a whole, for `summary.json`, and the seed that all others follow from. A
/// resumed run has those of its beginning. Threading: safe for all threads.
public final class RunSummary implements Resumable {
  private static final String FIRST_REWARD = "secondsToFirstReward";
  private static final String NO_SEED = "none";

  /// @param steps planned in total; 0 in checkpoints that do not have it
  private record State(String seed, Map<String, Double> numbers, long steps) {}

  /// Two numbers that the closing message compares.
  private record Comparison(String what, String before, String after) {}

  private final Map<String, Double> numbers = new LinkedHashMap<>();
  private final List<Comparison> comparisons = new ArrayList<>();
  private Optional<String> seed = Optional.empty();
  private Optional<State> resumed = Optional.empty();
  private long totalSteps;

  /// Sets the seed of the run.
  ///
  /// @throws IllegalArgumentException if the run is resumed and began with another seed
  public synchronized void seed(long value) {
    String text = Long.toString(value);
    Optional<String> before = resumed.map(State::seed).filter(s -> !s.equals(NO_SEED));
    if (before.isPresent() && !before.get().equals(text)) {
      throw new IllegalArgumentException(
          "a run must be resumed with its seed: seed=%s, its checkpoint has seed=%s; leave the setting out"
              .formatted(text, before.get()));
    }
    seed = Optional.of(text);
  }

  /// The seed of the run.
  ///
  /// @throws IllegalStateException if it was not set
  public synchronized long seed() {
    return seed.map(Long::parseLong)
        .orElseThrow(() ->
            new IllegalStateException(
                "the seed of the run must be said before it is used: seed=none; call Run.seed first"));
  }

  /// Sets the total number of steps, and returns the total that was planned when the checkpoint was
  /// written from which the run is resumed, if that is known.
  public synchronized OptionalLong totalSteps(long total) {
    totalSteps = total;
    return resumed
        .filter(state -> state.steps() > 0)
        .map(state -> OptionalLong.of(state.steps()))
        .orElseGet(OptionalLong::empty);
  }

  public synchronized Optional<Double> get(String key) {
    return Optional.ofNullable(numbers.get(key));
  }

  public synchronized void put(String key, double value) {
    numbers.put(key, value);
  }

  /// Adds a comparison of two numbers to the closing message, where both are there.
  ///
  /// @param what the two numbers are, such as `held-out loss`
  public synchronized void compare(String what, String before, String after) {
    Comparison added = new Comparison(what, before, after);
    if (!comparisons.contains(added)) {
      comparisons.add(added);
    }
  }

  /// Marks the end of the first step.
  public synchronized void firstReward() {
    numbers.putIfAbsent(FIRST_REWARD, secondsSinceStart());
  }

  private static double secondsSinceStart() {
    return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
  }

  @Override
  public synchronized byte[] state() {
    String known = seed.or(() -> resumed.map(State::seed)).orElse(NO_SEED);
    return JsonMapper.shared()
        .writeValueAsBytes(new State(known, new TreeMap<>(numbers), totalSteps));
  }

  @Override
  public synchronized void resume(byte[] bytes) {
    State state = JsonMapper.shared().readValue(bytes, State.class);
    resumed = Optional.of(state);
    numbers.putAll(state.numbers());
  }

  /// The content of `summary.json`.
  ///
  /// @param end how the run ended, and after which step
  public synchronized Map<String, Object> all(
      String id, RunEnd end, long failedCheckpoints, double sgemmGflops) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("id", id);
    all.put("status", end.status().toString());
    all.putAll(numbers);
    all.put("steps", end.steps());
    all.put("seed", seed.<Object>map(Long::valueOf).orElse(NO_SEED));
    all.put("failedCheckpoints", failedCheckpoints);
    all.put("seconds", secondsSinceStart());
    all.put("host", HostFacts.detect().withSgemm(sgemmGflops));
    return all;
  }

  /// The closing message to the user, in lines.
  public synchronized String closing(RunEnd end, Path folder) {
    List<String> lines = new ArrayList<>();
    for (Comparison c : comparisons) {
      if (numbers.containsKey(c.before()) && numbers.containsKey(c.after())) {
        lines.add(
            "%s %.4f before, %.4f after %d steps in %s"
                .formatted(
                    c.what(),
                    numbers.get(c.before()),
                    numbers.get(c.after()),
                    end.steps(),
                    time()));
      }
    }
    if (end.status() == RunStatus.STOPPED) {
      lines.add(
          end.steps() > 0
              ? "stopped after step %d; resume with --resume %s".formatted(end.steps(), folder)
              : "stopped before the first step was done");
    }
    lines.add("see " + folder.resolve("report.html"));
    return String.join(System.lineSeparator(), lines);
  }

  private static String time() {
    return Duration.ofSeconds((long) secondsSinceStart())
        .toString()
        .substring(2)
        .toLowerCase(Locale.ROOT);
  }
}
