package dev.burnish.engine.sampling;

/// Changes the logits of the next token of a sequence before anything else does: what the sampling
/// parameters forbid stays forbidden.
///
/// A completion stays a function of its prompt, parameters and key only if the processor's changes
/// are. Called by several threads at once, for different sequences.
@FunctionalInterface
public interface LogitsProcessor {
  /// @param logits may be used until the call returns
  void process(SequenceView sequence, Logits logits);
}
