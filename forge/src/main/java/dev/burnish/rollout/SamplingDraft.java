package dev.burnish.rollout;

import dev.burnish.rollout.SamplingParams.Logprobs;
import dev.burnish.rollout.SamplingParams.Penalties;
import dev.burnish.rollout.SamplingParams.Stop;
import dev.burnish.rollout.SamplingParams.TokenRules;
import dev.burnish.rollout.SamplingParams.Truncation;

/// Sampling parameters while one of them is replaced.
final class SamplingDraft {
  int n;
  int bestOf;
  int maxTokens;
  double temperature;
  Truncation truncation;
  TokenRules tokens;
  Penalties penalties;
  Stop stop;
  Structure structure;
  Logprobs logprobs;
  Priority priority;
  long seed;

  SamplingDraft(SamplingParams from) {
    n = from.n();
    bestOf = from.bestOf();
    maxTokens = from.maxTokens();
    temperature = from.temperature();
    truncation = from.truncation();
    tokens = from.tokens();
    penalties = from.penalties();
    stop = from.stop();
    structure = from.structure();
    logprobs = from.logprobs();
    priority = from.priority();
    seed = from.seed();
  }

  SamplingParams params() {
    return new SamplingParams(
        n,
        bestOf,
        maxTokens,
        temperature,
        truncation,
        tokens,
        penalties,
        stop,
        structure,
        logprobs,
        priority,
        seed);
  }
}
