package dev.burnish.train;

import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Parameters;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A model and batches small enough for a test.
final class Tiny {
  private static final String CONFIG =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 97,
       "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
       "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
       "tie_word_embeddings": true, "hidden_act": "silu", "initializer_range": 0.05}
      """;

  private Tiny() {}

  static LanguageModel model() {
    ObjectNode config = (ObjectNode) JsonMapper.shared().readTree(CONFIG);
    return LanguageModel.random(config, 11);
  }

  /// Documents of 5 to 20 tokens of a step, in as many micro-batches.
  static List<PackedTokens> batches(long step, int micros) {
    SplittableRandom random = new SplittableRandom(step);
    List<TokenForest> forests = new ArrayList<>();
    List<Targets> targets = new ArrayList<>();
    for (int i = 0; i < micros; i++) {
      forests.add(new TokenForest());
      targets.add(new Targets());
    }
    for (int document = 0; document < 8; document++) {
      int[] tokens = random.ints(5 + random.nextInt(16), 0, 97).toArray();
      TokenForest forest = forests.get(document % micros);
      targets.get(document % micros).addNode(forest, forest.add(TokenForest.ROOT, tokens), 1);
    }
    List<PackedTokens> batches = new ArrayList<>();
    for (int i = 0; i < micros; i++) {
      batches.add(
          new PackedTokens(forests.get(i), targets.get(i), List.of("step " + step + "/" + i)));
    }
    return batches;
  }

  static StepReport step(LocalTrainer trainer, int micros) {
    List<PackedTokens> batches = batches(trainer.stepsDone() + 1, micros);
    return trainer.step(MicroBatch.ofCrossEntropy(batches));
  }

  static float[] weights(LanguageModel model) {
    float[] all = new float[Math.toIntExact(model.decoder().numParameters())];
    int at = 0;
    for (Parameters part : model.decoder().parts()) {
      float[] values = part.values().toFloatArray();
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }
}
