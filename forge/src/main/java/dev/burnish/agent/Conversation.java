package dev.burnish.agent;

import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import dev.burnish.text.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;

/// A conversation of a policy as the token ids that it reads and samples. One thread.
///
/// Sampled tokens are never encoded again. A reply is what the template adds to the text of the
/// tokens so far, encoded by itself. Where the next text does not begin with that of the tokens so
/// far (the template leaves out thoughts, trims an answer, or rewrites a turn), or a tokenizer does
/// not give the text back, a new branch begins with the whole text.
public final class Conversation {
  private final ChatFormat format;
  private final List<ChatMessage> messages = new ArrayList<>();
  private final List<List<Part>> branches = new ArrayList<>();
  private int[] tokens;
  private int turns;

  /// A part of a branch.
  private sealed interface Part {
    record Read(Source source, int[] tokens) implements Part {}

    record Said(int turn, Completion completion) implements Part {}
  }

  /// @param opening what the policy reads first
  public Conversation(ChatFormat format, List<Prompt.Turn> opening) {
    this.format = format;
    opening.forEach(turn -> messages.add(ChatFormat.message(turn)));
    this.tokens = new int[0];
    begin(format.render(messages));
  }

  private void begin(String text) {
    tokens = format.tokenizer().encode(text);
    List<Part> branch = new ArrayList<>();
    branch.add(new Part.Read(Source.PROMPT, tokens));
    branches.add(branch);
  }

  /// The token ids so far: the next prompt.
  public int[] tokens() {
    return tokens.clone();
  }

  /// The number of tokens so far.
  public int length() {
    return tokens.length;
  }

  /// The number of answers so far.
  public int turns() {
    return turns;
  }

  /// Takes the policy's answer to [#tokens].
  public void answer(Completion completion) {
    messages.add(ChatMessage.assistant(format.content(completion.tokens())));
    branches.getLast().add(new Part.Said(turns++, completion));
    append(completion.tokens());
  }

  /// Takes what the policy reads after its answer.
  public void reply(List<Prompt.Turn> turns) {
    turns.forEach(turn -> messages.add(ChatFormat.message(turn)));
    String text = format.render(messages);
    Optional<int[]> added = format.added(tokens, text);
    if (added.isEmpty()) {
      begin(text);
    } else {
      branches.getLast().add(new Part.Read(source(turns), added.get()));
      append(added.get());
    }
  }

  private static Source source(List<Prompt.Turn> turns) {
    return turns.getFirst().role().equals("tool") ? Source.TOOL : Source.ENVIRONMENT;
  }

  private void append(int[] more) {
    tokens = ChatFormat.joined(tokens, more);
  }

  /// The branches in which the policy said something.
  ///
  /// @param advantages of the answer of a turn, counted from 0, which all its tokens get
  public List<Branch> branches(IntToDoubleFunction advantages) {
    return branches.stream()
        .filter(parts -> parts.stream().anyMatch(Part.Said.class::isInstance))
        .map(parts -> new Branch(parts.stream().map(part -> segment(part, advantages)).toList()))
        .toList();
  }

  private static Segment segment(Part part, IntToDoubleFunction advantages) {
    return switch (part) {
      case Part.Read(Source source, int[] ids) -> new Given(source, ids);
      case Part.Said(int turn, Completion said) -> Sampled.of(said, advantages.applyAsDouble(turn));
    };
  }
}
