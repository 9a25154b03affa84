package dev.burnish.agent;

import dev.burnish.agent.ToolAnswer.Outcome;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Prompt;
import dev.burnish.tools.ToolAttempt;
import dev.burnish.tools.ToolCall;
import dev.burnish.tools.ToolSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// A task that a policy solves by calling tools: each answer with calls is followed by one turn of
/// the role `tool` per call, and the first answer without any is the final one, whose reward is
/// that of the episode.
///
/// A call that is malformed, names no tool, does not fit its schema, fails or takes too long is
/// answered with a text that says so, and counted ([#measures]). A tool that is unavailable fails
/// the episode, which then has no reward.
public final class ToolEnvironment implements Environment {
  private static final ToolCall EXAMPLE = new ToolCall("NAME", "{}");

  private final ToolTask task;
  private final ToolUse use;
  private final ToolCaller caller;
  private final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
  private int begun;

  /// @param tools of this episode alone where they keep state
  public ToolEnvironment(ToolTask task, ToolSet tools, ToolUse use) {
    this.task = task;
    this.use = use;
    this.caller = new ToolCaller(tools, use);
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome, 0);
    }
  }

  @Override
  public Observation reset(long seed) {
    return new Observation(task.opening());
  }

  @Override
  public Step step(Action action) {
    List<ToolAttempt> attempts = use.format().attempts(action.text());
    if (attempts.isEmpty()) {
      return Step.over(
          task.reward().evaluate(task.problem().prompt(), action.text(), task.problem().target()));
    }
    List<ToolAnswer> answers = caller.answers(attempts.stream().map(this::begin).toList());
    answers.forEach(answer -> outcomes.merge(answer.outcome(), 1, Integer::sum));
    return Step.next(
        new Observation(
            answers.stream().map(answer -> new Prompt.Turn("tool", answer.text())).toList()));
  }

  private Supplier<ToolAnswer> begin(ToolAttempt attempt) {
    return switch (attempt) {
      case ToolAttempt.Malformed(String reason) -> () -> malformed(reason);
      case ToolAttempt.Call(ToolCall call) when begun < use.calls() -> {
        begun++;
        yield () -> caller.call(call);
      }
      case ToolAttempt.Call _ -> this::noneLeft;
    };
  }

  private ToolAnswer malformed(String reason) {
    String form = use.format().render(List.of(EXAMPLE));
    return new ToolAnswer(
        Outcome.MALFORMED,
        use.shown("error: malformed call: %s; write %s".formatted(reason, form)));
  }

  private ToolAnswer noneLeft() {
    return new ToolAnswer(
        Outcome.REFUSED,
        "error: no calls are left of %d; give the final answer".formatted(use.calls()));
  }

  /// The number of calls by their outcome: `tools/answered`, `tools/malformed`, `tools/refused`,
  /// `tools/failed`, `tools/late`; and `tools/calls`, all of them.
  @Override
  public Map<String, Double> measures() {
    Map<String, Double> measures = new TreeMap<>();
    outcomes.forEach((outcome, count) ->
        measures.put("tools/" + outcome.name().toLowerCase(Locale.ROOT), (double) count));
    measures.put("tools/calls", outcomes.values().stream().mapToDouble(count -> count).sum());
    return measures;
  }
}
