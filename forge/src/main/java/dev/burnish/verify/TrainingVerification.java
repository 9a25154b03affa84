package dev.burnish.verify;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.verify.Evidence.Collector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Supervised AdamW steps against recorded ones: the loss and gradient norm of each, every
/// parameter's gradient of the first batch, and the weights afterwards.
final class TrainingVerification {
  private static final double LOSS = 1e-4;
  private static final double NORM = 1e-3;

  private TrainingVerification() {}

  /// @param folder of the model
  /// @param file of recorded values
  public static List<Evidence> verify(Path folder, Path file) {
    JsonNode recorded = Recorded.read(file);
    JsonNode batches = Recorded.member(recorded, "batches", file);
    JsonNode steps = Recorded.member(recorded, "steps", file);
    if (batches.isEmpty() || batches.size() != steps.size()) {
      throw new IllegalArgumentException(
          "a recorded training has a step for each batch: file=%s batches=%d steps=%d; see docs/verify.md for the schema"
              .formatted(file, batches.size(), steps.size()));
    }
    OptimizerConfig optimizer = RecordedOptimizer.of(recorded);
    Collector found = new Collector();
    try (LanguageModel model = LanguageModel.load(folder);
        LocalTrainer trainer = new LocalTrainer(model.decoder(), optimizer, batches.size())) {
      if (recorded.has("first_batch_gradients")) {
        firstGradients(
            trainer,
            batch(batches.get(0), file),
            recorded.get("first_batch_gradients"),
            file,
            found);
      }
      for (int i = 0; i < batches.size(); i++) {
        StepReport report = trainer.step(MicroBatch.ofCrossEntropy(batch(batches.get(i), file)));
        String where = "step " + (i + 1);
        double loss = Recorded.number(steps.get(i), "loss", file);
        found.add("loss", LOSS, report.loss(), loss, where);
        double norm = Recorded.number(steps.get(i), "grad_norm", file);
        found.addRelative("gradient norm", NORM, report.gradientNorm(), norm, where);
      }
      if (recorded.has("checksum_after")) {
        checksums(model.decoder(), recorded.get("checksum_after"), found);
      }
    }
    return found.evidence();
  }

  private static List<PackedTokens> batch(JsonNode rows, Path file) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    for (JsonNode row : rows) {
      int[] ids = Recorded.ints(Recorded.member(row, "ids", file));
      int[] mask = Recorded.ints(Recorded.member(row, "mask", file));
      if (mask.length != ids.length) {
        throw new IllegalArgumentException(
            "a mask has an entry for each id: file=%s ids=%d mask=%d; record it again"
                .formatted(file, ids.length, mask.length));
      }
      int node = forest.add(TokenForest.ROOT, ids);
      for (int t = 1; t < ids.length; t++) {
        if (mask[t] != 0) {
          targets.add(forest.predictor(node, t), ids[t]);
        }
      }
    }
    return List.of(new PackedTokens(forest, targets));
  }

  private static void firstGradients(
      LocalTrainer trainer,
      List<PackedTokens> micros,
      JsonNode recorded,
      Path file,
      Collector found) {
    trainer.gradients(MicroBatch.ofCrossEntropy(micros));
    for (var entry : recorded.properties()) {
      float[] gradient = Gradients.gradient(trainer.model(), entry.getKey());
      double sum = 0;
      double squares = 0;
      for (float g : gradient) {
        sum += g;
        squares += (double) g * g;
      }
      double norm = Recorded.number(entry.getValue(), "norm", file);
      String where = entry.getKey();
      found.addRelative("first gradients, norms", NORM, Math.sqrt(squares), norm, where);
      // A sum cancels: its distance counts relative to the norm.
      double difference = sum - Recorded.number(entry.getValue(), "sum", file);
      double scale = norm * Math.sqrt(gradient.length);
      found.add("first gradients, sums", NORM, difference / scale, 0, where);
      JsonNode first = Recorded.member(entry.getValue(), "first", file);
      for (int i = 0; i < first.size(); i++) {
        double distance = (gradient[i] - first.get(i).asDouble()) / norm;
        found.add("first gradients, entries", NORM, distance, 0, where);
      }
    }
    trainer.model().freeGradients();
  }

  /// The norms of the weights afterwards.
  private static void checksums(Decoder model, JsonNode recorded, Collector found) {
    List<String> names = new ArrayList<>();
    recorded.propertyNames().forEach(names::add);
    for (String name : names) {
      double sumOfSquares = 0;
      Parameters part = model.part(name);
      int offset = part.layout().offset(name);
      try (Tensor values = part.values().narrow(0, offset, part.layout().spec(name).size())) {
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
