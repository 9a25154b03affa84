package dev.burnish.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Parameters;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.train.OptimizerConfig.Muon;
import dev.burnish.train.OptimizerConfig.Sgd;
import dev.burnish.train.memory.UpdateJournal.Scalars;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Updates and schedules against those of another library, recorded in `optimizers.json`, which
/// says how.
class RecordedOptimizersTest {
  private static final double LR = 0.01;

  private static JsonNode recorded() {
    try (InputStream in = RecordedOptimizersTest.class.getResourceAsStream("optimizers.json")) {
      return JsonMapper.shared().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<JsonNode> cases() {
    return recorded().get("cases").valueStream();
  }

  /// A parameter of the tiny model that has the shape and is treated as one of the kind.
  private static String parameter(List<Integer> shape) {
    String name =
        switch (shape.toString()) {
          case "[32, 32]" -> "self_attn.q_proj";
          case "[48, 32]" -> "mlp.gate_proj";
          case "[32, 48]" -> "mlp.down_proj";
          default -> "input_layernorm";
        };
    return "model.layers.1." + name + ".weight";
  }

  private static OptimizerConfig config(JsonNode recorded) {
    double momentum = recorded.path("momentum").asDouble(0);
    boolean nesterov = recorded.path("nesterov").asBoolean(false);
    String name = recorded.get("optimizer").asString();
    OptimizerConfig config =
        OptimizerConfig.defaults()
            .withName(name)
            .withWeightDecay(recorded.get("weightDecay").asDouble());
    return switch (name) {
      case "sgd" -> config.withSgd(new Sgd(momentum, nesterov));
      case "muon" -> config.withMuon(new Muon(1, momentum, nesterov, 5));
      default -> config;
    };
  }

  private static void fill(Tensor flat, IntToDoubleFunction value) {
    float[] values = new float[Math.toIntExact(flat.numElements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) value.applyAsDouble(i);
    }
    flat.copy_(Tensor.of(values, values.length));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void updatesAsRecorded(JsonNode recorded) {
    List<Integer> shape = recorded.get("shape").valueStream().map(JsonNode::asInt).toList();
    String name = parameter(shape);
    try (LanguageModel model = Tiny.model();
        TensorScope _ = TensorScope.open();
        Optimizer optimizer = optimizer(model, config(recorded))) {
      Parameters part = model.decoder().part(name);
      long size = part.layout().spec(name).size();
      Tensor values = part.values().narrow(0, part.layout().offset(name), size);
      fill(values, i -> 0.1 * Math.sin(0.7 * i + 0.3));
      for (int step = 1; step <= 6; step++) {
        int t = step;
        fill(
            part.gradients().values().narrow(0, part.layout().offset(name), size),
            i -> gradient(i, t));
        optimizer.update(2, new Scalars(LR, step, 1));
      }
      assertIsRecorded(values.toFloatArray(), recorded);
    }
  }

  private static Optimizer optimizer(LanguageModel model, OptimizerConfig config) {
    Moments moments =
        Moments.inMemory(ParameterRules.of(config, model.decoder()), model.decoder().device());
    return Optimizer.of(model.decoder(), config, moments);
  }

  private static double gradient(int i, int t) {
    return 0.1 * (1 + 0.5 * t) * ((31L * i * i + 17L * i * t + 7L * t) % 1013 / 1013.0 - 0.5);
  }

  private static void assertIsRecorded(float[] actual, JsonNode recorded) {
    double tolerance = recorded.get("optimizer").asString().equals("muon") ? 2e-5 : 2e-7;
    double squares = 0;
    double sum = 0;
    for (float w : actual) {
      squares += (double) w * w;
      sum += w;
    }
    JsonNode after = recorded.get("after");
    double norm = after.get("norm").asDouble();
    assertThat(Math.sqrt(squares)).isCloseTo(norm, within(5 * tolerance * norm));
    assertThat(sum).isCloseTo(after.get("sum").asDouble(), within(100 * tolerance));
    after
        .get("entries")
        .properties()
        .forEach(entry ->
            assertThat((double) actual[Integer.parseInt(entry.getKey())])
                .as(entry.getKey())
                .isCloseTo(entry.getValue().asDouble(), within(tolerance)));
  }

  @Test
  void schedulesAreAsRecorded() {
    recorded()
        .get("schedules")
        .properties()
        .forEach(entry -> {
          int steps = entry.getValue().size();
          for (int i = 0; i < steps; i++) {
            assertThat(Schedule.named(entry.getKey()).at(i + 1, steps))
                .as("%s at %d", entry.getKey(), i + 1)
                .isCloseTo(entry.getValue().get(i).asDouble(), within(1e-7));
          }
        });
  }
}
