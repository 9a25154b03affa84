package dev.burnish.env.code;

import dev.burnish.rollout.Environment;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A software task for a policy that works by commands of the shell: each answer is one, in its
/// last fenced block or whole, until one is `submit`. The reward is the share of hidden tests that
/// the files then pass.
///
/// Commands see the files as the ones before left them, and nothing else of them: no process and
/// nothing outside the tree is kept.
public final class SoftwareEnvironment implements Environment {
  /// The command that ends the work.
  public static final String SUBMIT = "submit";

  private static final Pattern BLOCK = Pattern.compile("(?s)```[a-z]*\\n(.*?)```");

  private final Workshop workshop;
  private final SoftwareTask task;
  private WorkTree tree;

  public SoftwareEnvironment(Workshop workshop, SoftwareTask task) {
    this.workshop = workshop;
    this.task = task;
    this.tree = task.tree();
  }

  /// The files as they are now.
  public WorkTree tree() {
    return tree;
  }

  @Override
  public Observation reset(long seed) {
    return Observation.user(
        "%s\n\nFiles:\n%s\n\nAnswer with one command of the shell at a time, and with %s when the work is done."
            .formatted(task.instruction(), String.join("\n", task.tree().paths()), SUBMIT));
  }

  @Override
  public Step step(Action action) {
    String command = command(action.text());
    if (command.equals(SUBMIT)) {
      return Step.over(truncated());
    }
    if (command.isEmpty()) {
      return Step.next(Observation.user("an answer must have a command"));
    }
    Workshop.Done done = workshop.run(tree, command, task.limits());
    tree = done.tree();
    return Step.next(
        Observation.user(
            "%s\n[status %d]".formatted(done.output().stripTrailing(), done.status())));
  }

  private static String command(String text) {
    String last = text;
    Matcher blocks = BLOCK.matcher(text);
    while (blocks.find()) {
      last = blocks.group(1);
    }
    return last.strip();
  }

  /// The share of tests that the files pass as they are.
  @Override
  public double truncated() {
    return workshop.judge(task, tree).share();
  }
}
