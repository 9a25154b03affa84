package dev.burnish.env.code;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Scope;
import dev.burnish.env.code.UnitTestReward.Credit;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.sandbox.Ending;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.sandbox.Sandboxes;
import dev.burnish.service.OwnedService;
import dev.burnish.service.Service;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Tests of programs, run in real sandboxes where the machine has them.
@Timeout(120)
class SandboxedCoderTest {
  private static UnitTestReward open() {
    return Sandboxes.open(UnitTestReward::open);
  }

  @Test
  void judgesProgramsByInputAndOutputAndByCalls() {
    String target =
        """
        {"tests": [{"stdin": "1 2\\n", "stdout": "3\\n"}, {"stdin": "5 6\\n", "stdout": "11\\n"}]}
        """;
    String calls =
        """
        {"tests": [
          {"function": "add", "arguments": [1, 2], "result": 3},
          {"function": "add", "arguments": ["a", "b"], "result": "ab"},
          {"function": "add", "arguments": [[1], [2]], "result": [1, 2]}]}
        """;
    try (UnitTestReward reward = open()) {
      assertThat(
              reward.evaluate("", "```python\nprint(sum(map(int, input().split())))\n```", target))
          .isOne();
      assertThat(reward.evaluate("", "print(3)", target)).isZero();
      assertThat(reward.evaluate("", "def add(a, b):\n    print('noise')\n    return a + b", calls))
          .isOne();
      assertThat(
              reward.evaluate(
                  "", "class Solution:\n    def add(self, a, b):\n        return a + b", calls))
          .isOne();
      UnitTestReward share =
          new UnitTestReward(reward.coder(), Limits.defaults().withSeconds(5), Credit.SHARE);
      assertThat(share.evaluate("", "def add(a, b):\n    return 3", calls)).isEqualTo(1 / 3.0);
      assertThat(
              share.evaluate(
                  "", "while True: pass", "{\"tests\": [{\"stdin\": \"\", \"stdout\": \"\"}]}"))
          .isZero();
      assertThat(share.evaluate("", "def sub(a, b): return a", calls)).isZero();
    }
  }

  @Test
  void servesManyCallersFromAProcessOfItsOwn() {
    open().close();
    try (Job job = Job.start(JobOptions.named("test").with(line -> {}));
        OwnedService<SandboxedCoder> service =
            Service.start(
                job.hosts(), "coder", SandboxedCoder.class, SandboxedCoder::open, replicas(1))) {
      SandboxedCoder coder = service.route();
      List<Integer> numbers = IntStream.range(0, 20).boxed().toList();
      List<Execution> executions =
          Scope.map(
              numbers,
              i -> coder.execute(Program.python("print(" + i + " ** 2)"), Limits.defaults()));
      assertThat(executions.stream().map(Execution::stdout))
          .isEqualTo(numbers.stream().map(i -> i * i + "\n").toList());
      Execution slow =
          coder.execute(Program.python("while True: pass"), Limits.defaults().withSeconds(0.2));
      assertThat(slow.ending()).isEqualTo(new Ending.TimedOut(Ending.TimedOut.Clock.WALL));
      assertThat(coder.execute(Program.python("import os; os.abort()"), Limits.defaults()).ending())
          .isEqualTo(new Ending.Killed(6));
    }
  }
}
