package dev.burnish.verify.losses;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Computes the value that a key of this form stands for. In the pattern, `#` stands for a number
/// and captures it.
record Formula(Pattern pattern, Function<Parameters, double[]> compute) {
  private static final String NUMBER = "([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?)";

  static Formula of(String pattern, Function<Parameters, double[]> compute) {
    return new Formula(Pattern.compile(pattern.replace("#", NUMBER)), compute);
  }

  /// Empty if the key is not of this form.
  Optional<double[]> apply(String key) {
    Matcher matcher = pattern.matcher(key);
    return matcher.matches()
        ? Optional.of(compute.apply(new Parameters(matcher)))
        : Optional.empty();
  }

  /// The variable parts of a key, between the fixed words.
  record Parameters(Matcher matcher) {
    double number(int group) {
      return Double.parseDouble(text(group));
    }

    String text(int group) {
      return matcher.group(group);
    }

    double[] numbers(int group) {
      return text(group).isBlank()
          ? new double[0]
          : Arrays.stream(text(group).split(",", -1))
              .mapToDouble(text -> Double.parseDouble(text.strip()))
              .toArray();
    }
  }
}
