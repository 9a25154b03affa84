package dev.burnish.agent;

/// A request of an agent was refused, since a part of its session's budget is used up.
public final class BudgetUsedUp extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// A part of a budget.
  public enum Part {
    /// No further request is answered.
    TURNS,
    /// This request's conversation is too long; a shorter one is answered.
    TOKENS,
    /// No further request is answered.
    TIME
  }

  private final Part part;

  BudgetUsedUp(Part part, String message) {
    super(message);
    this.part = part;
  }

  public Part part() {
    return part;
  }
}
