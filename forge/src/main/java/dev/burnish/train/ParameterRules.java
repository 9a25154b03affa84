package dev.burnish.train;

import dev.burnish.nn.Decoder;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.ParameterSpec;
import dev.burnish.nn.Parameters;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The algorithm, rate and decay of each parameter of a model.
final class ParameterRules {
  enum Algorithm {
    ADAMW(true, true),
    SGD(true, false),
    SGD_WITHOUT_MOMENTUM(false, false),
    MUON(true, false),
    FROZEN(false, false);

    private final boolean first;
    private final boolean second;

    Algorithm(boolean first, boolean second) {
      this.first = first;
      this.second = second;
    }

    boolean first() {
      return first;
    }

    boolean second() {
      return second;
    }
  }

  /// @param lrScale factor of the rate
  record Rule(Algorithm algorithm, double lrScale, double weightDecay) {}

  /// Adjacent elements of a part that are updated alike: a matrix of its own for Muon.
  @SuppressWarnings("ArrayRecordComponent") // never leaves the package
  record Run(
      int offset,
      int size,
      Rule rule,
      long gradientOffset,
      long firstOffset,
      long secondOffset,
      long... shape) {
    Run longerBy(int elements) {
      int sum = size + elements;
      return new Run(offset, sum, rule, gradientOffset, firstOffset, secondOffset, sum);
    }

    Algorithm algorithm() {
      return rule.algorithm();
    }
  }

  private ParameterRules() {}

  /// The runs of each part.
  ///
  /// @throws IllegalArgumentException if a group's pattern matches no parameter
  static List<List<Run>> of(OptimizerConfig config, Decoder model) {
    return of(config, model.trained().stream().map(Parameters::layout).toList());
  }

  /// @param parts the layouts of what is trained of each part of the model
  static List<List<Run>> of(OptimizerConfig config, List<FlatLayout> parts) {
    List<String> names = parts.stream().flatMap(part -> part.names().stream()).toList();
    for (int i = 0; i < config.groups().size(); i++) {
      OptimizerConfig.Group group = config.groups().get(i);
      if (names.stream().noneMatch(group::matches)) {
        throw new IllegalArgumentException(
            "optimizer.groups.%d.pattern matches a parameter: pattern=%s; parameters are named like %s"
                .formatted(i, group.pattern(), names.get(1)));
      }
    }
    List<List<Run>> result = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      result.add(runs(config, parts.get(i), i > 0 && i < parts.size() - 1));
    }
    return result;
  }

  private static List<Run> runs(OptimizerConfig config, FlatLayout part, boolean block) {
    List<Run> runs = new ArrayList<>();
    for (String name : part.names()) {
      ParameterSpec spec = part.spec(name);
      Rule rule = rule(config, name, spec.shape().length > 1, block);
      Run last = runs.isEmpty() ? null : runs.getLast();
      if (last != null && last.rule().equals(rule) && rule.algorithm() != Algorithm.MUON) {
        runs.removeLast();
        runs.add(last.longerBy(spec.size()));
      } else {
        runs.add(
            new Run(
                part.offset(name),
                spec.size(),
                rule,
                gradientElements(runs),
                firstElements(runs),
                secondElements(runs),
                spec.shape()));
      }
    }
    return runs;
  }

  private static Rule rule(OptimizerConfig config, String name, boolean matrix, boolean block) {
    Algorithm algorithm =
        switch (config.name()) {
          case "sgd" ->
              config.sgd().momentum() == 0 ? Algorithm.SGD_WITHOUT_MOMENTUM : Algorithm.SGD;
          case "muon" -> matrix && block ? Algorithm.MUON : Algorithm.ADAMW;
          default -> Algorithm.ADAMW;
        };
    double decay = matrix ? config.weightDecay() : 0;
    for (OptimizerConfig.Group group : config.groups()) {
      if (group.matches(name)) {
        return group.frozen() || group.lrScale() == 0
            ? new Rule(Algorithm.FROZEN, 0, 0)
            : new Rule(algorithm, group.lrScale(), decay * group.weightDecayScale());
      }
    }
    return new Rule(algorithm, 1, decay);
  }

  /// Freezes the parameters that the configuration names.
  static void freeze(OptimizerConfig config, Decoder model) {
    for (Parameters part : model.trained()) {
      Set<String> fixed = new LinkedHashSet<>(part.layout().names());
      fixed.removeIf(name -> rule(config, name, false, false).algorithm() != Algorithm.FROZEN);
      part.gradients().freezeOnly(fixed);
    }
  }

  static long gradientElements(List<Run> runs) {
    return runs.stream()
        .filter(run -> run.algorithm() != Algorithm.FROZEN)
        .mapToLong(Run::size)
        .sum();
  }

  static long firstElements(List<Run> runs) {
    return runs.stream().filter(run -> run.algorithm().first()).mapToLong(Run::size).sum();
  }

  static long secondElements(List<Run> runs) {
    return runs.stream().filter(run -> run.algorithm().second()).mapToLong(Run::size).sum();
  }

  /// Bytes of state of a model under a configuration.
  static long stateBytes(List<List<Run>> parts) {
    return parts.stream().mapToLong(runs -> 4 * (firstElements(runs) + secondElements(runs))).sum();
  }
}
