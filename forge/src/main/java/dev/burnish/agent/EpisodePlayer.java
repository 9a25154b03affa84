package dev.burnish.agent;

import dev.burnish.agent.EpisodeGroup.Played;
import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Stop;
import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Environment.Action;
import dev.burnish.rollout.Environment.Step;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.Recording;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/// Plays one episode. Everything in it is a function of the policy's weights, the seed and the
/// episode's index, if the environment is one of what it is told.
final class EpisodePlayer implements AutoCloseable {
  private final ChatFormat format;
  private final Budget budget;
  private final Generator policy;
  private final SamplingParams sampling;
  private Optional<Opening> opening = Optional.empty();

  /// How the episodes begin.
  @SuppressWarnings("ArrayRecordComponent") // never leaves the class
  private record Opening(int[] prompt, FutureTask<Group> answers) {}

  EpisodePlayer(ChatFormat format, Budget budget, Generator policy, SamplingParams sampling) {
    this.format = format;
    this.budget = budget;
    this.policy = policy;
    this.sampling = sampling;
  }

  /// @param index of the episode in its group
  /// @throws GenerationFailed if the generator fails
  Played play(Environment played, int index) {
    RecordedEnvironment environment = new RecordedEnvironment(played);
    long reset = KeyedRandom.bits(sampling.seed(), "environment", 0);
    Conversation conversation = new Conversation(format, environment.reset(reset).turns());
    List<Double> rewards = new ArrayList<>();
    while (true) {
      Stop.check();
      Completion said = answer(conversation, index);
      conversation.answer(said);
      Action action = new Action(said.text(), said.finish(), rewards.size());
      switch (environment.step(action)) {
        case Step.Over(_, double reward) -> {
          rewards.add(reward);
          return played(conversation, rewards, environment.recording(index));
        }
        case Step.Next(Environment.Observation next, double reward) -> {
          rewards.add(reward);
          if (rewards.size() == budget.turns() || !continues(conversation, next)) {
            int last = rewards.size() - 1;
            rewards.set(last, rewards.get(last) + environment.truncated());
            return played(conversation, rewards, environment.recording(index));
          }
        }
      }
    }
  }

  /// Adds what the policy reads next, and returns whether it may still answer.
  private boolean continues(Conversation conversation, Environment.Observation next) {
    conversation.reply(next.turns());
    return conversation.length() < budget.tokens();
  }

  private static Played played(
      Conversation conversation, List<Double> rewards, Recording recording) {
    double[] each = rewards.stream().mapToDouble(Double::doubleValue).toArray();
    return new Played(conversation::branches, each, Optional.of(recording));
  }

  private Completion answer(Conversation conversation, int index) {
    int room = budget.tokens() - conversation.length();
    if (room < 1) {
      throw new IllegalArgumentException(
          "an episode's first prompt must leave room for an answer: tokens=%d, budget=%d; raise budget.tokens"
              .formatted(conversation.length(), budget.tokens()));
    }
    if (conversation.turns() == 0) {
      Opening first = opening(conversation, room);
      return generated(conversation, index, () -> result(first.answers())).get(index);
    }
    long stream = (long) index << 32 | conversation.turns();
    SamplingParams one = sampling.withN(1).withSeed(seed(stream));
    return generated(conversation, index, () -> generate(conversation, one, room)).getFirst();
  }

  private static List<Completion> generated(
      Conversation conversation, int index, Supplier<Group> generation) {
    try {
      return generation.get().completions();
    } catch (CancellationException | CallCancelled | Stopped e) {
      throw e;
    } catch (RuntimeException e) {
      throw new GenerationFailed(
          "a generator must give an answer: episode=%d turn=%d tokens=%d (%s)"
              .formatted(index, conversation.turns(), conversation.length(), Thrown.text(e)),
          e);
    }
  }

  private long seed(long stream) {
    return KeyedRandom.bits(sampling.seed(), "turn", stream);
  }

  /// The first answers of all episodes, which share their prompt.
  private Opening opening(Conversation conversation, int room) {
    int[] prompt = conversation.tokens();
    Opening first = begin(prompt, () -> generate(conversation, sampling.withSeed(seed(0)), room));
    if (!Arrays.equals(first.prompt(), prompt)) {
      throw new IllegalArgumentException(
          "the episodes of a group must begin alike: tokens=%d and %d; draw what reset says from its seed alone"
              .formatted(first.prompt().length, prompt.length));
    }
    return first;
  }

  /// One call for all, by whoever comes first, on a thread of its own: the episodes that wait are
  /// not to end with that one.
  private synchronized Opening begin(int[] prompt, Callable<Group> generation) {
    if (opening.isEmpty()) {
      FutureTask<Group> answers = new FutureTask<>(generation);
      opening = Optional.of(new Opening(prompt, answers));
      Thread.ofVirtual().name("episodes-begin").start(ContextPropagation.wrap(answers));
    }
    return opening.get();
  }

  private static Group result(FutureTask<Group> answers) {
    try {
      return answers.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException("the first answers must come", e.getCause());
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted before an answer");
    }
  }

  /// Ends what is under way for all episodes.
  @Override
  public synchronized void close() {
    opening.ifPresent(first -> first.answers().cancel(true));
  }

  private Group generate(Conversation conversation, SamplingParams params, int room) {
    return policy.generate(
        Prompt.tokens(conversation.tokens()),
        params.withMaxTokens(Math.min(params.maxTokens(), room)));
  }
}
