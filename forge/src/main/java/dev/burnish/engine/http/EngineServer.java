package dev.burnish.engine.http;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.SamplingParams;
import java.nio.file.Path;
import java.util.List;

/// A server of another engine, in the words of its own interface. Thread-safe.
interface EngineServer extends AutoCloseable {
  /// A prompt to continue.
  ///
  /// @param index in its call
  /// @param version of the weights that the server has
  @SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
  record Asked(int[] prompt, SamplingParams sampling, int index, long version) {}

  /// The completions of a prompt.
  ///
  /// @throws IllegalArgumentException if the server refuses it, or it cannot be said to this server
  /// @throws ServerFailed if it does not answer as it should
  List<Completion> complete(Asked asked);

  /// Replaces the weights: pauses, loads the folder, and resumes. Nothing of ours is under way.
  ///
  /// @throws IllegalArgumentException if the server refuses it, and has the weights that it had
  /// @throws ServerFailed if it is not known which weights it has
  void load(Path folder, long version);

  @Override
  void close();
}
