package dev.burnish.agent;

import dev.burnish.agent.ToolAnswer.Outcome;
import dev.burnish.concurrent.ContextPropagation;
import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Stopped;
import dev.burnish.concurrent.Thrown;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.tools.ArgumentsRefused;
import dev.burnish.tools.Tool;
import dev.burnish.tools.ToolCall;
import dev.burnish.tools.ToolSet;
import dev.burnish.tools.ToolUnavailable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// Runs calls of tools, each on a thread of its own within its time. Immutable.
///
/// The policy is told of an exception of a tool, by its message. What says nothing of the call is
/// thrown: a tool that is unavailable, a process that was lost, an error of the JVM, a stop.
record ToolCaller(ToolSet tools, ToolUse use) {
  /// The answers of calls, in their order.
  List<ToolAnswer> answers(List<Supplier<ToolAnswer>> calls) {
    if (use.atOnce() == 1 || calls.size() == 1) {
      return calls.stream().map(Supplier::get).toList();
    }
    Semaphore permits = new Semaphore(use.atOnce());
    return Scope.map(calls, call -> within(permits, call));
  }

  private static ToolAnswer within(Semaphore permits, Supplier<ToolAnswer> call) {
    try {
      Waits.announce();
      permits.acquire();
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted before a call of a tool");
    }
    try {
      return call.get();
    } finally {
      permits.release();
    }
  }

  /// The answer of one call.
  ///
  /// @throws ToolUnavailable if the tool cannot do its work
  /// @throws CancellationException if the caller is interrupted; the tool is too
  ToolAnswer call(ToolCall call) {
    Optional<Tool> tool = tools.find(call.name());
    if (tool.isEmpty()) {
      return new ToolAnswer(
          Outcome.REFUSED,
          use.shown(
              "error: no tool is named %s; there are %s".formatted(call.name(), tools.names())));
    }
    FutureTask<String> result = new FutureTask<>(() -> tool.get().call(call.arguments()));
    Thread.ofVirtual().name("tool-" + call.name()).start(ContextPropagation.wrap(result));
    try {
      Waits.announce();
      String text = result.get(use.time().toNanos(), TimeUnit.NANOSECONDS);
      return new ToolAnswer(Outcome.ANSWERED, use.shown(text));
    } catch (TimeoutException e) {
      return new ToolAnswer(Outcome.LATE, "error: the call took longer than " + words(use.time()));
    } catch (ExecutionException e) {
      return failed(e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted during a call of a tool");
    } finally {
      result.cancel(true);
    }
  }

  private static String words(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }

  private ToolAnswer failed(Throwable thrown) {
    return switch (thrown) {
      case ArgumentsRefused e -> new ToolAnswer(Outcome.REFUSED, told(e));
      case ToolUnavailable e -> throw e;
      case Stopped e -> throw e;
      case CancellationException e -> throw e;
      case Error e when !(e instanceof StackOverflowError) -> throw e;
      default -> {
        if (Thrown.chain(thrown).stream().anyMatch(CallFailure.class::isInstance)) {
          throw new ToolUnavailable("a tool's process was lost: " + Thrown.text(thrown), thrown);
        }
        yield new ToolAnswer(Outcome.FAILED, told(thrown));
      }
    };
  }

  private String told(Throwable thrown) {
    return use.shown("error: " + message(thrown).orElse(thrown.getClass().getSimpleName()));
  }

  /// The message of an exception that may be of a user's class, and throw here too.
  private static Optional<String> message(Throwable thrown) {
    try {
      return Optional.ofNullable(thrown.getMessage()).filter(text -> !text.isBlank());
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }
}
