package dev.burnish.nn;

import java.nio.file.Path;
import java.util.List;

/// Low-rank adaptation: which matrices stay frozen and learn a product of two small ones that is
/// added to their output, `y = W x + scale B A x`.
///
/// Source: Hu et al. 2021; the names and defaults are those of PEFT.
///
/// @param rank columns of `B` and rows of `A`; 0 for no adaptation: all parameters are trained
/// @param alpha the change is scaled by `alpha / rank`
/// @param dropout share of the inputs of `A` that are dropped in training
/// @param rankStabilized whether the change is scaled by `alpha / sqrt(rank)` instead (rsLoRA)
/// @param modules which matrices: the last part of a name (`q_proj`), a whole one, or one in which
///   `*` stands for any characters (`model.layers.1*.mlp.*`)
/// @param from folder of an adapter to begin from, whose rank, scale and modules hold; empty for a
///   change of nothing
public record LoraConfig(
    int rank,
    double alpha,
    double dropout,
    boolean rankStabilized,
    List<String> modules,
    Path from) {
  public LoraConfig {
    require(rank >= 0 && rank <= 4096, "lora.rank is between 0 and 4096: rank=" + rank);
    require(alpha > 0, "lora.alpha is above 0: alpha=" + alpha);
    require(dropout >= 0 && dropout < 1, "lora.dropout is in [0, 1): dropout=" + dropout);
    modules = List.copyOf(modules);
    require(!modules.isEmpty(), "lora.modules names a module: modules=[]; q_proj is one");
  }

  /// No adaptation; with a rank, of every matrix of every block.
  public static LoraConfig defaults() {
    return new LoraConfig(
        0,
        16,
        0,
        false,
        List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        Path.of(""));
  }

  public LoraConfig withRank(int value) {
    return new LoraConfig(value, alpha, dropout, rankStabilized, modules, from);
  }

  public LoraConfig withAlpha(double value) {
    return new LoraConfig(rank, value, dropout, rankStabilized, modules, from);
  }

  public LoraConfig withDropout(double value) {
    return new LoraConfig(rank, alpha, value, rankStabilized, modules, from);
  }

  public LoraConfig withRankStabilized(boolean value) {
    return new LoraConfig(rank, alpha, dropout, value, modules, from);
  }

  public LoraConfig withModules(String... values) {
    return new LoraConfig(rank, alpha, dropout, rankStabilized, List.of(values), from);
  }

  public LoraConfig withFrom(Path value) {
    return new LoraConfig(rank, alpha, dropout, rankStabilized, modules, value);
  }

  /// Whether there is an adapter to begin from.
  public boolean goesOn() {
    return !from.toString().isEmpty();
  }

  /// Whether anything is adapted.
  public boolean adapts() {
    return rank > 0;
  }

  /// Factor of `B A`.
  public double scale() {
    return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
  }

  /// Bound of the uniform initial values of `A`, on either side of zero, as in PEFT.
  ///
  /// @param inputs of the matrix
  public static double initialBound(long inputs) {
    return 1 / Math.sqrt(inputs);
  }

  /// Whether a module is adapted.
  ///
  /// @param module name of a matrix without its `.weight`
  public boolean matches(String module) {
    return modules.stream().anyMatch(pattern -> matches(pattern, module));
  }

  /// The parameters that adapt a module.
  ///
  /// @param matrix the shape of the module's, `[outputs, inputs]`
  public static List<ParameterSpec> specs(String module, int rank, long... matrix) {
    return LowRank.specs(module, rank, matrix);
  }

  static boolean matches(String pattern, String module) {
    return pattern.contains("*")
        ? NamePattern.matches(pattern, module)
        : module.equals(pattern) || module.endsWith("." + pattern);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
