package dev.burnish.serve;

import dev.burnish.engine.QueuedGenerator;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Score;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/// The prompt of a choice as the choice repeats it.
///
/// @param text before the completion
/// @param tokens whose logprobs are shown; none where none are asked for
/// @param logprobs of all tokens except the first, before which nothing stands
@SuppressWarnings("ArrayRecordComponent") // never compared
record Echo(String text, int[] tokens, float[] logprobs) {
  /// No prompt.
  static final Echo NONE = new Echo("", new int[0], new float[0]);

  /// The echo of each prompt of a request.
  ///
  /// @param engine computes the logprobs, where some are asked for
  /// @throws RuntimeException the engine's refusal
  static List<Echo> all(GenerationRequest request, QueuedGenerator engine) {
    List<int[]> prompts = request.prompts();
    if (request.echoed().isEmpty()) {
      return Collections.nCopies(prompts.size(), NONE);
    }
    boolean shown = request.format().topLogprobs().isPresent();
    Iterator<Score> scores = (shown ? score(prompts, engine) : List.<Score>of()).iterator();
    List<Echo> echoes = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      String text = request.echoed().get(i);
      int[] prompt = prompts.get(i);
      float[] logprobs = shown && prompt.length > 1 ? scores.next().logprobs() : new float[0];
      echoes.add(new Echo(text, shown ? prompt : new int[0], logprobs));
    }
    return echoes;
  }

  private static List<Score> score(List<int[]> prompts, QueuedGenerator engine) {
    return engine.score(
        prompts.stream().filter(prompt -> prompt.length > 1).map(Continuation::ofAll).toList());
  }
}
