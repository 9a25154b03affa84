package dev.burnish.verify;

import dev.burnish.train.OptimizerConfig;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The AdamW that a training was recorded with: from the member `optimizer`, or from the sentence
/// in `about` (`AdamW lr 2e-5 constant, betas .9 .95, eps 1e-8, weight decay 0.1 ..., clipped to
/// global norm 1`); settings that neither gives are those of the file that Burnish itself is
/// checked with.
final class RecordedOptimizer {
  private static final String NUMBER = "([0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?)";

  private final JsonNode members;
  private final String about;

  private RecordedOptimizer(JsonNode recorded) {
    members = recorded.path("optimizer");
    about = recorded.path("about").asString("");
  }

  static OptimizerConfig of(JsonNode recorded) {
    RecordedOptimizer settings = new RecordedOptimizer(recorded);
    return new OptimizerConfig(
        settings.number("lr", "\\blr " + NUMBER, 2e-5),
        settings.number("beta1", "betas " + NUMBER, 0.9),
        settings.number("beta2", "betas \\S+ " + NUMBER, 0.95),
        settings.number("eps", "eps " + NUMBER, 1e-8),
        settings.number("weight_decay", "weight decay " + NUMBER, 0.1),
        settings.number("clip_norm", "global norm " + NUMBER, 1),
        0,
        "constant");
  }

  private double number(String member, String sentence, double otherwise) {
    if (members.has(member)) {
      return members.get(member).asDouble();
    }
    Matcher matcher = Pattern.compile(sentence).matcher(about);
    return matcher.find() ? Double.parseDouble(matcher.group(1)) : otherwise;
  }
}
