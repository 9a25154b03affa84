package dev.burnish.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.Tensor;
import dev.burnish.testing.SharedFiles;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.objective.CrossEntropy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Training against recorded values: those that torch computed with a real model, and a small
/// recording of our own, of which one value at a time is changed.
class TrainingVerificationTest {
  private static final String NORM = "model.norm.weight";
  private static final int[][] ROWS = {{1, 5, 2, 7, 3, 9}, {4, 4, 8, 1, 6, 2}};

  @TempDir Path folder;

  /// Two of the twelve steps, and every parameter's first gradient; all of them with `burnish
  /// verify --training`.
  @Test
  void aRealModelTrainsAsTorchDoes() throws IOException {
    Path model = SharedFiles.model("smollm2-135m-instruct");
    Path file = SharedFiles.data("oracle/smollm2_training.json");
    ObjectNode recorded = (ObjectNode) JsonMapper.shared().readTree(Files.readAllBytes(file));
    for (String list : List.of("batches", "steps")) {
      ArrayNode all = (ArrayNode) recorded.get(list);
      recorded.set(list, JsonNodeFactory.instance.arrayNode().add(all.get(0)).add(all.get(1)));
    }
    recorded.remove("checksum_after");
    List<Verdict> verdicts = Verdict.training(model, write(recorded));
    assertThat(verdicts)
        .allSatisfy(verdict -> assertThat(verdict.passed()).as(verdict.toString()).isTrue())
        .extracting(Verdict::name)
        .contains("loss", "gradient norm", "first gradients, norms", "first gradients, entries");
    assertThat(TrainingVerification.verify(model, folder.resolve("recorded.json")))
        .filteredOn(evidence -> evidence.name().equals("first gradients, norms"))
        .allMatch(evidence -> evidence.compared() == recorded.get("first_batch_gradients").size());
  }

  private Path write(JsonNode recorded) throws IOException {
    return Files.writeString(folder.resolve("recorded.json"), recorded.toString());
  }

  private Path model() {
    return folder.resolve("model");
  }

  @BeforeEach
  void saveAModel() {
    try (LanguageModel model = TinyModels.llama(20, 1, 3)) {
      model.save(model());
    }
  }

  /// The values of two steps of the small model, in the schema of docs/verify.md.
  private ObjectNode recorded() {
    ObjectNode recorded = JsonMapper.shared().createObjectNode();
    recorded.putObject("optimizer").put("lr", 1e-2).put("clip_norm", 1).put("weight_decay", 0.1);
    ArrayNode batches = recorded.putArray("batches");
    ArrayNode steps = recorded.putArray("steps");
    OptimizerConfig config = new OptimizerConfig(1e-2, 0.9, 0.95, 1e-8, 0.1, 1, 0, "constant");
    try (LanguageModel model = LanguageModel.load(model());
        LocalTrainer trainer = new LocalTrainer(model.decoder(), config, 2)) {
      trainer.gradients(MicroBatch.of(List.of(batch(0)), new CrossEntropy(4)));
      ObjectNode gradients = recorded.putObject("first_batch_gradients");
      for (Parameters part : model.decoder().parts()) {
        part.layout().names().forEach(name -> putGradient(gradients, model, name));
      }
      model.decoder().freeGradients();
      for (int i = 0; i < 2; i++) {
        StepReport report = trainer.step(MicroBatch.of(List.of(batch(i)), new CrossEntropy(4)));
        steps.addObject().put("loss", report.loss()).put("grad_norm", report.gradientNorm());
        ObjectNode row = batches.addArray().addObject();
        row.set("ids", JsonMapper.shared().valueToTree(ROWS[i]));
        row.set("mask", JsonMapper.shared().valueToTree(new int[] {1, 0, 1, 1, 1, 1}));
      }
      Parameters part = model.decoder().part(NORM);
      double squares = 0;
      try (Tensor norm =
          part.values().narrow(0, part.layout().offset(NORM), part.layout().spec(NORM).size())) {
        for (float w : norm.toFloatArray()) {
          squares += (double) w * w;
        }
      }
      recorded.putObject("checksum_after").put(NORM, Math.sqrt(squares));
    }
    return recorded;
  }

  private static void putGradient(ObjectNode gradients, LanguageModel model, String name) {
    float[] gradient = Gradients.gradient(model.decoder(), name);
    double sum = 0;
    double squares = 0;
    for (float g : gradient) {
      sum += g;
      squares += (double) g * g;
    }
    ObjectNode entry = gradients.putObject(name);
    entry.put("norm", Math.sqrt(squares)).put("sum", sum);
    entry.putArray("first").add(gradient[0]).add(gradient[1]);
  }

  /// The second token is not a target, and the first never is.
  private static PackedTokens batch(int step) {
    TokenForest forest = new TokenForest();
    int node = forest.add(TokenForest.ROOT, ROWS[step]);
    Targets targets = new Targets();
    for (int t = 2; t < ROWS[step].length; t++) {
      targets.add(forest.predictor(node, t), ROWS[step][t]);
    }
    return new PackedTokens(forest, targets);
  }

  @Test
  void agreesWithItsOwnRecording() throws IOException {
    List<Verdict> verdicts = Verdict.training(model(), write(recorded()));
    assertThat(verdicts).hasSize(6).allMatch(Verdict::passed);
    assertThat(Verdict.proven(verdicts)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "/steps/1, loss, 0.0002, loss",
    "/steps/1, grad_norm, 0.01, gradient norm",
    "/first_batch_gradients/model.layers.1.mlp.up_proj.weight, norm, 0.01, 'first gradients, norms'",
    "/first_batch_gradients/model.embed_tokens.weight, sum, 9, 'first gradients, sums'",
    "/checksum_after, model.norm.weight, 0.1, 'weights afterwards, norms'",
    "/optimizer, lr, 0.05, loss"
  })
  void aValueThatDiffersFailsItsLayer(String where, String member, double by, String layer)
      throws IOException {
    ObjectNode recorded = recorded();
    ObjectNode object = (ObjectNode) recorded.at(where);
    object.put(member, object.get(member).asDouble() + by);
    List<Verdict> verdicts = Verdict.training(model(), write(recorded));
    assertThat(verdicts)
        .filteredOn(verdict -> !verdict.passed())
        .extracting(Verdict::name)
        .contains(layer);
    assertThat(Verdict.proven(verdicts)).isFalse();
  }

  @Test
  void anEntryOfAGradientThatDiffersFails() throws IOException {
    ObjectNode recorded = recorded();
    ArrayNode first = (ArrayNode) recorded.at("/first_batch_gradients/model.norm.weight/first");
    first.set(1, JsonNodeFactory.instance.numberNode(first.get(1).asDouble() + 0.01));
    assertThat(Verdict.training(model(), write(recorded)))
        .filteredOn(verdict -> !verdict.passed())
        .extracting(Verdict::name)
        .containsExactly("first gradients, entries");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"batches\": [], \"steps\": []} | batches=0 steps=0",
        "{\"batches\": [[{\"ids\": [1, 2], \"mask\": [0, 1]}]], \"steps\": []} | batches=1 steps=0",
        "{\"batches\": [[{\"ids\": [1, 2]}]], \"steps\": [{\"loss\": 1}]} | have the member mask",
        "{\"batches\": [[{\"ids\": [1, 2], \"mask\": [1]}]], \"steps\": [{}]} | ids=2 mask=1",
        "{\"batches\": [[{\"ids\": [1, 2], \"mask\": [0, 1]}]], \"steps\": [{\"loss\": 1}]} | have the member grad_norm",
        "{\"batches\": [[{\"ids\": [1, 2], \"mask\": [0, 1]}]], \"steps\": [{\"loss\": \"x\"}]} | loss is a number",
        "{\"steps\": []} | have the member batches"
      })
  void aFileOfAnotherSchemaIsOneClearLine(String text, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("recorded.json"), text);
    assertThatThrownBy(() -> Verdict.training(model(), file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("recorded.json");
  }
}
