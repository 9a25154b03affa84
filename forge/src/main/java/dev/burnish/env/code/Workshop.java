package dev.burnish.env.code;

import dev.burnish.concurrent.Scope;
import dev.burnish.env.code.SoftwareTask.HiddenTest;
import dev.burnish.env.code.SoftwareTask.Result;
import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Language;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Runs commands in trees of files, each in a sandbox of its own to which the tree is given, and
/// judges trees by hidden tests. Thread-safe.
///
/// @param outputCharacters of a command's output that are kept: the last ones
public record Workshop(SandboxedCoder coder, int outputCharacters) {
  private static final String RUNNER = runner();

  /// A workshop that keeps 4 000 characters of a command's output.
  public static Workshop of(SandboxedCoder coder) {
    return new Workshop(coder, 4000);
  }

  /// The effect of a command.
  ///
  /// @param output of both kinds, and how the command ended if not by itself
  /// @param status of the command, as a shell has it
  /// @param tree after it; before it where it was killed
  public record Done(String output, int status, WorkTree tree) {}

  /// Runs a command of the shell in a tree.
  ///
  /// @throws SandboxLost if sandboxes failed
  public Done run(WorkTree tree, String command, Limits limits) {
    Execution execution = execute(job(tree, command), limits);
    if (!execution.succeeded()) {
      return new Done(ended(execution), execution.exitCode(), tree);
    }
    JsonNode done = JsonMapper.shared().readTree(execution.stdout());
    Map<String, String> changed = new TreeMap<>();
    done.path("changed")
        .properties()
        .forEach(file -> changed.put(file.getKey(), file.getValue().stringValue()));
    List<String> deleted = new ArrayList<>();
    done.path("deleted").forEach(path -> deleted.add(path.stringValue()));
    return new Done(
        done.path("output").asString(""), done.path("status").asInt(), tree.with(changed, deleted));
  }

  private static String ended(Execution execution) {
    return execution.ending() instanceof Ending.Exited
        ? execution.stderr().strip()
        : "[the command was ended: " + execution.ending().describe() + "]";
  }

  private Execution execute(ObjectNode job, Limits limits) {
    Program program = new Program(Language.PYTHON, RUNNER, job + "\n");
    Execution execution = TestRun.execute(coder, program, limits);
    return execution.succeeded() && !isObject(execution.stdout())
        ? new Execution(
            "",
            "[its files are too many to be kept]",
            new Ending.OutputTooLong(),
            execution.seconds(),
            execution.cpuSeconds(),
            execution.peakBytes())
        : execution;
  }

  private static boolean isObject(String text) {
    try {
      return JsonMapper.shared().readTree(text).isObject();
    } catch (JacksonException e) {
      return false; // the command has written there itself
    }
  }

  private ObjectNode job(WorkTree tree, String command) {
    ObjectNode job = JsonMapper.shared().createObjectNode();
    job.put("command", command);
    job.put("outputCharacters", outputCharacters);
    job.set("files", JsonMapper.shared().valueToTree(tree.files()));
    return job;
  }

  /// The difference of a tree to its base, and the tests that it passes.
  ///
  /// @throws SandboxLost if sandboxes failed
  public Result judge(SoftwareTask task, WorkTree tree) {
    List<Boolean> passed =
        Scope.map(task.tests(), test -> passes(test, tree.over(test.files()), task.limits()));
    List<String> failed =
        IntStream.range(0, passed.size())
            .filter(i -> !passed.get(i))
            .mapToObj(i -> task.tests().get(i).name())
            .toList();
    return new Result(difference(tree, task.limits()), passed.size() - failed.size(), failed);
  }

  private boolean passes(HiddenTest test, WorkTree tree, Limits limits) {
    Done done = run(tree, test.command(), limits);
    return done.status() == 0 && TestRun.isSameText(done.output(), test.stdout());
  }

  private String difference(WorkTree tree, Limits limits) {
    ObjectNode job = job(tree, "");
    job.set("base", JsonMapper.shared().valueToTree(tree.base()));
    Execution execution = execute(job, limits);
    return execution.succeeded()
        ? JsonMapper.shared().readTree(execution.stdout()).path("difference").asString("")
        : ended(execution);
  }

  private static String runner() {
    try (InputStream file =
        Objects.requireNonNull(Workshop.class.getResourceAsStream("worktree.py"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
