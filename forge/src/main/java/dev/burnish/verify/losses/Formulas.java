package dev.burnish.verify.losses;

import java.util.List;
import java.util.stream.Stream;

/// All formulas whose keys can be checked, and why the others cannot.
final class Formulas {
  private Formulas() {}

  static List<Formula> all(GoldenInputs inputs) {
    return Stream.of(
            new AdvantageFormulas(inputs).all(),
            new PolicyFormulas(inputs).all(),
            new CorrectionFormulas(inputs).all(),
            new KlFormulas(inputs).all(),
            new PreferenceFormulas(inputs).all(),
            new ValueFormulas(inputs).all(),
            new AdapterFormulas(inputs).all(),
            new OtherFormulas(inputs).all())
        .flatMap(List::stream)
        .toList();
  }

  static String reasonToSkip(String key) {
    if (key.startsWith("lora ")) {
      return "its inputs are not in the file: lora.inputs with w, a, b, x";
    }
    if (key.startsWith("value.clipped")) {
      return "its inputs are not in the file: value.inputs with values, old_values, returns";
    }
    if (key.startsWith("dpo.ipo length-normalised")) {
      return "its inputs are not in the file: lengths lc and lr in dpo.inputs";
    }
    return "no formula of this name";
  }
}
