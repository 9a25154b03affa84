package dev.burnish.agent;

import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Source;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The prompt of a group whose episodes begin alike and then differ before the policy says
/// anything: an agent writes its folder or the time into its first message. The prompt is what they
/// have in common; what differs was given by the environment.
final class CommonPrompt {
  private CommonPrompt() {}

  /// The branches with a common prompt; as they are where there is none.
  ///
  /// @param episodes the branches of each
  static List<List<Branch>> divide(List<List<Branch>> episodes) {
    List<int[]> prompts = episodes.stream().map(branches -> branches.getFirst().prompt()).toList();
    int shared = prompts.getFirst().length;
    for (int[] prompt : prompts) {
      int differs = Arrays.mismatch(prompt, prompts.getFirst());
      shared = differs < 0 ? shared : Math.min(shared, differs);
    }
    int length = shared;
    return length == 0
        ? episodes
        : episodes.stream().map(branches -> divide(branches, length)).toList();
  }

  private static List<Branch> divide(List<Branch> branches, int length) {
    Branch first = branches.getFirst();
    int[] prompt = first.prompt();
    if (prompt.length == length) {
      return branches;
    }
    List<Segment> segments = new ArrayList<>(first.segments());
    segments.set(0, new Given(Source.PROMPT, Arrays.copyOf(prompt, length)));
    segments.add(
        1, new Given(Source.ENVIRONMENT, Arrays.copyOfRange(prompt, length, prompt.length)));
    List<Branch> divided = new ArrayList<>(branches);
    divided.set(0, new Branch(segments));
    return divided;
  }
}
