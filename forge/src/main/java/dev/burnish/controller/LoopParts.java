package dev.burnish.controller;

import dev.burnish.model.LanguageModel;
import dev.burnish.rl.replay.ReplayBuffer;
import dev.burnish.rollout.Generator;
import dev.burnish.train.ReferenceModel;
import java.util.List;
import java.util.function.Supplier;

/// The parts that a loop joins, wherever they are.
interface LoopParts extends AutoCloseable {
  Trainers trainers();

  Generator generator();

  ReplayBuffer buffer();

  /// @param first the model that the run began with; closed here if it is of no further use
  ReferenceModel reference(Supplier<LanguageModel> first);

  /// Makes the policy's weights the version that generators take over, and records which weights
  /// the trainers have.
  ///
  /// @param oldest version that is still needed
  /// @return the digest of each part
  List<Long> publish(long version, long oldest);

  /// Says that no version older than that is asked for any more; its memory is free once whoever
  /// still reads it has closed it.
  void retain(long oldest);

  /// The digest of each part of a version that was published.
  List<Long> digests(long version);

  /// Records what the parts did since the last call.
  void report(LoopHome home);

  @Override
  void close();
}
