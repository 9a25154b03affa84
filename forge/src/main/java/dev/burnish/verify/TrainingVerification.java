package dev.burnish.verify;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.Objective;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.verify.Evidence.Collector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Supervised AdamW steps against recorded ones: the loss and gradient norm of each, every
/// parameter's gradient of the first batch, and the weights afterwards.
public final class TrainingVerification {
  private static final double LOSS = 1e-4;
  private static final double NORM = 1e-3;

  private TrainingVerification() {}

  /// @param folder of the model
  /// @param file of recorded values
  public static List<Evidence> verify(Path folder, Path file) {
    JsonNode recorded = Recorded.read(file);
    JsonNode batches = Recorded.member(recorded, "batches", file);
    JsonNode steps = Recorded.member(recorded, "steps", file);
    OptimizerConfig optimizer = RecordedOptimizer.of(recorded);
    Collector found = new Collector();
    try (LanguageModel model = LanguageModel.load(folder);
        Trainer trainer = new Trainer(model.decoder(), optimizer, batches.size())) {
      if (recorded.has("first_batch_gradients")) {
        firstGradients(trainer, batches.get(0), recorded.get("first_batch_gradients"), found);
      }
      for (int i = 0; i < batches.size(); i++) {
        List<MicroBatch> micros = batch(batches.get(i));
        StepReport report = trainer.step(micros, Objective.crossEntropy(targets(micros)));
        String where = "step " + (i + 1);
        found.add("loss", LOSS, report.loss(), steps.get(i).get("loss").asDouble(), where);
        double norm = steps.get(i).get("grad_norm").asDouble();
        found.addRelative("gradient norm", NORM, report.gradientNorm(), norm, where);
      }
      if (recorded.has("checksum_after")) {
        checksums(model.decoder(), recorded.get("checksum_after"), found);
      }
    }
    return found.evidence();
  }

  private static long targets(List<MicroBatch> micros) {
    return micros.stream().mapToLong(micro -> micro.targets().size()).sum();
  }

  private static List<MicroBatch> batch(JsonNode rows) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    for (JsonNode row : rows) {
      int[] ids = Recorded.ints(row.get("ids"));
      int node = forest.add(TokenForest.ROOT, ids);
      for (int t = 1; t < ids.length; t++) {
        if (row.get("mask").get(t).asInt() != 0) {
          targets.add(forest.predictor(node, t), ids[t]);
        }
      }
    }
    return List.of(new MicroBatch(forest, targets));
  }

  private static void firstGradients(
      Trainer trainer, JsonNode rows, JsonNode recorded, Collector found) {
    List<MicroBatch> micros = batch(rows);
    trainer.gradients(micros, Objective.crossEntropy(targets(micros)));
    for (var entry : recorded.properties()) {
      float[] gradient = Gradients.gradient(trainer.model(), entry.getKey());
      double sum = 0;
      double squares = 0;
      for (float g : gradient) {
        sum += g;
        squares += (double) g * g;
      }
      double norm = entry.getValue().get("norm").asDouble();
      String where = entry.getKey();
      found.addRelative("first gradients, norms", NORM, Math.sqrt(squares), norm, where);
      // A sum cancels: what counts is its distance beside the norm.
      double difference = sum - entry.getValue().get("sum").asDouble();
      double scale = norm * Math.sqrt(gradient.length);
      found.add("first gradients, sums", NORM, difference / scale, 0, where);
      JsonNode first = entry.getValue().get("first");
      for (int i = 0; i < first.size(); i++) {
        double distance = (gradient[i] - first.get(i).asDouble()) / norm;
        found.add("first gradients, entries", NORM, distance, 0, where);
      }
    }
    trainer.model().freeGradients();
  }

  /// Sums of absolute values or of values, whichever was recorded: both are compared relative to
  /// the larger.
  private static void checksums(Decoder model, JsonNode recorded, Collector found) {
    List<String> names = new ArrayList<>();
    recorded.propertyNames().forEach(names::add);
    for (String name : names) {
      double sumOfSquares = 0;
      try (Tensor values =
          model
              .part(name)
              .values()
              .narrow(0, model.part(name).offset(name), model.part(name).spec(name).size())) {
        for (float w : values.toFloatArray()) {
          sumOfSquares += (double) w * w;
        }
      }
      found.addRelative(
          "weights afterwards, norms",
          NORM,
          Math.sqrt(sumOfSquares),
          recorded.get(name).asDouble(),
          name);
    }
  }
}
