package dev.burnish.agent;

import dev.burnish.agent.BudgetUsedUp.Part;
import dev.burnish.agent.Transcript.Opening;
import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.RolloutFailure.GenerationFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.ChatTemplateException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntToDoubleFunction;

/// All that one run of an agent asks the policy, as the token ids that were read and sampled.
/// Thread-safe: an agent may ask several things at the same time.
///
/// A request whose messages extend those of an earlier one, with its answer, continues the tokens
/// of that one: sampled tokens are never encoded again, and what is new is what the template adds.
/// Where that is not possible, or the messages begin in another way, the request begins a branch
/// with the whole text. A second request that continues the same answer begins a branch too.
///
/// The tokens of an answer are a function of the weights, the seed of the session and what was
/// asked, whatever else is asked at the same time.
public final class AgentSession implements AutoCloseable {
  private final ChatFormat format;
  private final Budget budget;
  private final Generator policy;
  private final SamplingParams sampling;
  private final Transcript transcript;
  private final long end;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<Integer, Integer> numAsked = new HashMap<>();
  private final Set<Task> running = new HashSet<>();
  private final LinkedBlockingQueue<Task> begun = new LinkedBlockingQueue<>();
  private final Thread starter;
  private int numBegun;
  private boolean refused;
  private boolean closed;
  private Optional<RuntimeException> failure = Optional.empty();
  private OptionalDouble reported = OptionalDouble.empty();

  /// A session of the thread that makes it, whose context its calls have.
  ///
  /// @param sampling of each answer, with the seed of the session
  AgentSession(ChatFormat format, Budget budget, Generator policy, SamplingParams sampling) {
    this.format = format;
    this.budget = budget;
    this.policy = policy;
    this.sampling = sampling;
    this.transcript = new Transcript(format);
    this.end = System.nanoTime() + budget.time().toNanos();
    this.starter =
        Thread.ofVirtual().name("agent-calls").start(ContextPropagation.wrap(this::startCalls));
  }

  /// Starts calls with the context of the session: threads that ask belong to a server.
  private void startCalls() {
    try {
      while (true) {
        Task task = Waits.take(begun);
        Thread.ofVirtual().name("agent-call").start(ContextPropagation.wrap(task));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the session is closed
    }
  }

  /// Makes the answer to a call.
  private final class Task extends FutureTask<Void> {
    private final AgentCall call;

    Task(AgentCall call, Runnable work) {
      super(work, null);
      this.call = call;
    }

    @Override
    protected void done() {
      if (isCancelled()) {
        call.failed(new CancellationException("the session has ended"));
      }
      ended(this);
    }
  }

  private void ended(Task task) {
    lock.lock();
    try {
      running.remove(task);
      if (running.isEmpty()) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// How the policy reads conversations.
  public ChatFormat format() {
    return format;
  }

  /// The number of tokens that a conversation has as a prompt.
  ///
  /// @throws ChatTemplateException if the template refuses it
  /// @throws IllegalStateException if the session has ended
  public int numTokens(AgentRequest request) {
    lock.lock();
    try {
      requireOpen();
      return transcript.open(request).prompt().length;
    } finally {
      lock.unlock();
    }
  }

  /// Takes a request, and returns at once.
  ///
  /// @throws BudgetUsedUp if no further request is answered, or this one's conversation is too long
  /// @throws ChatTemplateException if the template refuses the conversation
  /// @throws IllegalStateException if the session has ended
  public AgentCall begin(AgentRequest request) {
    lock.lock();
    try {
      requireOpen();
      requireBudget();
      Opening opening = transcript.open(request);
      SamplingParams params = params(opening.prompt(), request.wishes());
      AgentCall call = new AgentCall(opening.prompt(), transcript.calls(opening));
      int number = numBegun++;
      Task task = new Task(call, () -> answer(call, number, opening, params));
      running.add(task);
      begun.add(task);
      return call;
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("a session that has ended answers no request: closed=true");
    }
  }

  private void requireBudget() {
    if (System.nanoTime() - end >= 0) {
      throw refused(Part.TIME, "time=" + budget.time());
    }
    if (numBegun >= budget.turns()) {
      throw refused(Part.TURNS, "turns=" + budget.turns());
    }
  }

  private BudgetUsedUp refused(Part part, String value) {
    refused = true;
    return new BudgetUsedUp(
        part, "a session must keep to its budget: " + value + "; end the work with what there is");
  }

  private SamplingParams params(int[] prompt, AgentRequest.Wishes wishes) {
    int room = budget.tokens() - prompt.length;
    if (room < 1) {
      throw refused(Part.TOKENS, "tokens=%d most=%d".formatted(prompt.length, budget.tokens()));
    }
    int most = Math.min(room, wishes.maxTokens().orElse(Integer.MAX_VALUE));
    int asked = Arrays.hashCode(prompt);
    return wishes
        .over(sampling, Math.min(sampling.maxTokens(), most))
        .withSeed(seed(asked, numAsked.merge(asked, 1, Integer::sum), wishes.seed().orElse(0)));
  }

  /// By what was asked, and how often: the order of requests that come at the same time is chance.
  private long seed(int asked, int times, long wish) {
    long what = KeyedRandom.bits(sampling.seed(), "asked", asked);
    return KeyedRandom.bits(KeyedRandom.bits(what, "wish", wish), "times", times);
  }

  private void answer(AgentCall call, int number, Opening opening, SamplingParams params) {
    try {
      Completion said =
          policy.generate(Prompt.tokens(opening.prompt()), params).completions().getFirst();
      record(number, opening, said, MessageKey.of(call.parts(said)));
      call.answered(said);
    } catch (RuntimeException e) {
      failed(e);
      call.failed(e);
    } catch (Error e) {
      IllegalStateException failed = new IllegalStateException("an answer must come: " + e, e);
      failed(failed);
      call.failed(failed);
    }
  }

  private void record(int number, Opening opening, Completion said, MessageKey answer) {
    lock.lock();
    try {
      transcript.answered(number, opening, said, answer);
    } finally {
      lock.unlock();
    }
  }

  private void failed(RuntimeException cause) {
    lock.lock();
    try {
      failure = failure.or(() -> Optional.of(cause));
    } finally {
      lock.unlock();
    }
  }

  /// The agent says what its work is worth; the last word counts.
  public void report(double reward) {
    lock.lock();
    try {
      requireOpen();
      reported = OptionalDouble.of(reward);
    } finally {
      lock.unlock();
    }
  }

  OptionalDouble reported() {
    lock.lock();
    try {
      return reported;
    } finally {
      lock.unlock();
    }
  }

  /// Whether a request was refused since a part of the budget was used up.
  boolean isRefused() {
    lock.lock();
    try {
      return refused;
    } finally {
      lock.unlock();
    }
  }

  /// Takes no further request, and waits for the answers that are being made: an agent that has
  /// left may not have waited for them.
  ///
  /// @throws GenerationFailed if the generator failed to give one
  void finish() {
    lock.lock();
    try {
      closed = true;
      while (!running.isEmpty()) {
        Waits.await(idle);
      }
      if (failure.isPresent()) {
        RuntimeException cause = failure.get();
        throw new GenerationFailed(
            "a generator must give an answer: answers=%d (%s)"
                .formatted(transcript.size(), Thrown.text(cause)),
            cause);
      }
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted before the last answers of a session");
    } finally {
      lock.unlock();
    }
  }

  /// The number of answers.
  int numAnswers() {
    lock.lock();
    try {
      return transcript.size();
    } finally {
      lock.unlock();
    }
  }

  /// The branches of a session that was finished.
  ///
  /// @param advantages of each answer, in the order of their requests
  List<Branch> branches(IntToDoubleFunction advantages) {
    lock.lock();
    try {
      return transcript.branches(advantages);
    } finally {
      lock.unlock();
    }
  }

  /// Ends the session; answers that are being made are dropped.
  @Override
  public void close() {
    starter.interrupt();
    List<Task> left;
    lock.lock();
    try {
      closed = true;
      left = new ArrayList<>(running);
    } finally {
      lock.unlock();
    }
    left.forEach(task -> task.cancel(true));
  }
}
