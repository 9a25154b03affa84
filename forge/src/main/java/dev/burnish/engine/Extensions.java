package dev.burnish.engine;

import dev.burnish.engine.sampling.LogitsProcessor;
import java.util.List;

/// Parts that a script adds to an engine, or replaces in it.
///
/// @param processors of the logits of every token, in order
/// @param observer of each step
/// @param order in which requests are served
public record Extensions(
    List<LogitsProcessor> processors, StepObserver observer, RequestOrder order) {
  public Extensions {
    processors = List.copyOf(processors);
  }

  /// No processors, no observer, requests by class and arrival.
  public static Extensions none() {
    return new Extensions(List.of(), StepObserver.NONE, RequestOrder.BY_PRIORITY);
  }

  public Extensions withProcessors(List<LogitsProcessor> value) {
    return new Extensions(value, observer, order);
  }

  public Extensions withObserver(StepObserver value) {
    return new Extensions(processors, value, order);
  }

  public Extensions withOrder(RequestOrder value) {
    return new Extensions(processors, observer, value);
  }
}
