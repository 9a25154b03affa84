package dev.burnish.engine;

import dev.burnish.engine.sampling.Draw;
import dev.burnish.engine.sampling.FakeSequence;
import dev.burnish.engine.sampling.Sampler;
import dev.burnish.kernel.AttentionPlan;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.ModelRunner;
import dev.burnish.rollout.Completion;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The plainest generation there is, to compare with: one sequence, keys in order in a cache of its
/// own, each token by the weights of the version that a completion names.
final class PlainForward {
  private final List<ModelRunner> runners;
  private final LanguageModel first;

  /// @param versions the model of each version
  PlainForward(List<LanguageModel> versions) {
    first = versions.getFirst();
    runners = versions.stream().map(model -> new ModelRunner(model.decoder())).toList();
  }

  /// Draws again what a completion has: the prompt's keys by the version of the first token, those
  /// of each token by the version of the next.
  List<Draw.Drawn> again(Request request, int sample, Completion completion) {
    int[] prompt = request.prompt();
    int length = completion.tokens().length;
    Sampler sampler = new Sampler(first.endTokens(), List.of());
    long key = KeyedRandom.bits(request.sampling().seed(), "prompt-" + request.index(), sample);
    List<Draw.Drawn> draws = new ArrayList<>();
    try (KeyValueCache cache =
        new KeyValueCache(first.decoder().shape().blocks(), prompt.length + length, Device.CPU)) {
      for (int i = 0; i < length; i++) {
        int[] fed = i == 0 ? prompt : new int[] {completion.tokens()[i - 1]};
        int known = i == 0 ? 0 : prompt.length + i - 1;
        int[] at = IntStream.range(known, known + fed.length).toArray();
        AttentionPlan.Node node =
            new AttentionPlan.Node(0, fed.length, new int[] {0}, new int[] {known + fed.length});
        AttentionPlan plan = new AttentionPlan(List.of(node), new int[1], AttentionPlan.NO_WINDOW);
        ModelRunner runner = runners.get(Math.toIntExact(completion.versions().at(i)));
        try (TensorScope _ = TensorScope.open()) {
          Tensor hidden = runner.forward(fed, at, plan, cache, at);
          Tensor logits = runner.logits(hidden, new int[] {fed.length - 1});
          int[] before = Arrays.copyOf(completion.tokens(), i);
          FakeSequence sequence = new FakeSequence(request.sampling(), prompt, before, key);
          draws.add((Draw.Drawn) sampler.draw(logits, List.of(sequence)).getFirst());
        }
      }
    }
    return draws;
  }
}
