package dev.burnish.agent;

import dev.burnish.concurrent.Waits;
import dev.burnish.rollout.Completion;
import dev.burnish.tools.ToolFormat;
import dev.burnish.tools.ToolPart;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/// A request of an agent that its session has taken. The answer is made, and recorded, whether
/// anybody waits for it or not. Thread-safe.
public final class AgentCall {
  private final int[] prompt;
  private final Optional<ToolFormat> tools;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Optional<Completion> answer = Optional.empty();
  private volatile Optional<RuntimeException> failure = Optional.empty();

  AgentCall(int[] prompt, Optional<ToolFormat> tools) {
    this.prompt = prompt;
    this.tools = tools;
  }

  /// All token ids that the policy reads.
  public int[] prompt() {
    return prompt.clone();
  }

  /// How the policy writes calls of tools, where the request has some.
  public Optional<ToolFormat> tools() {
    return tools;
  }

  /// The texts and calls of an answer.
  List<ToolPart> parts(Completion completion) {
    return tools
        .map(format -> format.parse(completion.text()))
        .orElseGet(() -> List.of(new ToolPart.Text(completion.text())));
  }

  void answered(Completion completion) {
    answer = Optional.of(completion);
    ended.countDown();
  }

  void failed(RuntimeException cause) {
    failure = Optional.of(cause);
    ended.countDown();
  }

  /// Waits for the answer, for at most a given time; returns whether it is there, or will never be.
  public boolean await(Duration limit) {
    try {
      return Waits.await(ended, limit);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while waiting for an answer");
    }
  }

  /// Waits for the answer.
  ///
  /// @throws RuntimeException the failure of the generator
  /// @throws CancellationException if the session ended before
  public Completion answer() {
    try {
      Waits.await(ended);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while waiting for an answer");
    }
    return answer.orElseThrow(() -> failure.orElseThrow());
  }
}
