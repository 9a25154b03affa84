package dev.burnish.algorithm.golden;

import java.util.List;
import java.util.stream.Stream;

/// All formulas whose keys can be checked, and why the others can not.
final class Formulas {
  private Formulas() {}

  static List<Formula> all(GoldenInputs inputs) {
    return Stream.of(
            new AdvantageFormulas(inputs).all(),
            new PolicyFormulas(inputs).all(),
            new CorrectionFormulas(inputs).all(),
            new KlFormulas(inputs).all(),
            new PreferenceFormulas(inputs).all(),
            new OtherFormulas(inputs).all())
        .flatMap(List::stream)
        .toList();
  }

  static String reasonToSkip(String key) {
    if (key.startsWith("lora ") || key.startsWith("rslora ")) {
      return "adapters are not a loss";
    }
    if (key.startsWith("value.clipped") || key.startsWith("dpo.ipo length-normalised")) {
      return "its inputs are not in the file";
    }
    return "no formula of this name";
  }
}
