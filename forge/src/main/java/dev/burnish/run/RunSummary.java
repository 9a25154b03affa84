package dev.burnish.run;

import dev.burnish.observe.HostFacts;
import dev.burnish.train.checkpoint.Resumable;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;

/// The numbers of a run as a whole, for `summary.json`, and the seed that all others follow from. A
/// run that goes on has those of its beginning.
public final class RunSummary implements Resumable {
  private static final String FIRST_REWARD = "secondsToFirstReward";

  private record State(String seed, Map<String, Double> numbers) {}

  private final Map<String, Double> numbers = new LinkedHashMap<>();
  private final Record settings;
  private final Object seed;

  public RunSummary(Record settings) {
    this.settings = settings;
    seed = setting(settings, "seed");
  }

  /// The setting of that name, or `none` where there is none.
  public String setting(String name) {
    return setting(settings, name).toString();
  }

  static Object setting(Record settings, String name) {
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

  public Optional<Double> get(String key) {
    return Optional.ofNullable(numbers.get(key));
  }

  public void put(String key, double value) {
    numbers.put(key, value);
  }

  /// The first step is done.
  public void firstReward() {
    numbers.putIfAbsent(FIRST_REWARD, secondsSinceStart());
  }

  private static double secondsSinceStart() {
    return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
  }

  @Override
  public byte[] state() {
    return JsonMapper.shared()
        .writeValueAsBytes(new State(seed.toString(), new TreeMap<>(numbers)));
  }

  /// @throws IllegalArgumentException if the seed is another one than before
  @Override
  public void resume(byte[] bytes) {
    State state = JsonMapper.shared().readValue(bytes, State.class);
    if (!state.seed().equals(seed.toString())) {
      throw new IllegalArgumentException(
          "a run goes on with its seed: seed=%s, its checkpoint has seed=%s; leave the setting out"
              .formatted(seed, state.seed()));
    }
    numbers.putAll(state.numbers());
  }

  /// All that `summary.json` says.
  public Map<String, Object> all(
      String id, String status, long steps, long failedCheckpoints, double sgemmGflops) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("id", id);
    all.put("status", status);
    all.putAll(numbers);
    all.put("steps", steps);
    all.put("seed", seed);
    all.put("failedCheckpoints", failedCheckpoints);
    all.put("seconds", secondsSinceStart());
    all.put("host", HostFacts.detect().withSgemm(sgemmGflops));
    return all;
  }

  /// The last words to the user.
  public String closing(String status, long steps, Path folder) {
    StringBuilder text = new StringBuilder();
    if (numbers.containsKey("accuracyBefore") && numbers.containsKey("accuracyAfter")) {
      text.append(
          "held-out accuracy %.3f before, %.3f after %d steps in %s%n"
              .formatted(
                  numbers.get("accuracyBefore"),
                  numbers.get("accuracyAfter"),
                  steps,
                  Duration.ofSeconds((long) secondsSinceStart())
                      .toString()
                      .substring(2)
                      .toLowerCase(Locale.ROOT)));
    }
    if (numbers.containsKey("evalLossBefore") && numbers.containsKey("evalLoss")) {
      text.append(
          "held-out loss %.4f before, %.4f after %d steps%n"
              .formatted(numbers.get("evalLossBefore"), numbers.get("evalLoss"), steps));
    }
    if (status.equals("stopped")) {
      text.append(
          steps > 0
              ? "stopped after step %d; go on with --resume %s%n".formatted(steps, folder)
              : "stopped before the first step was done%n".formatted());
    }
    return text.append("see %s".formatted(folder.resolve("report.html"))).toString();
  }
}
