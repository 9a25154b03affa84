package dev.burnish.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Programs in sandboxes of bubblewrap: how they end, what limits them, and what they leave.
@Timeout(120)
@SuppressWarnings("NullAway.Init") // by open
class BubblewrapSandboxTest {
  private static BubblewrapSandbox sandbox;

  @BeforeAll
  static void open() {
    sandbox = Sandboxes.open(SandboxSettings.defaults());
  }

  @AfterAll
  @SuppressWarnings("ConstantValue") // none where the machine has no sandbox
  static void close() {
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static Execution python(String code) {
    return python(code, Limits.defaults());
  }

  private static Execution python(String code, Limits limits) {
    return sandbox.execute(Program.python(code), limits);
  }

  private static Limits within(double seconds) {
    return Limits.defaults().withSeconds(seconds);
  }

  @Test
  void runsPythonAsTheInterpreterWould() {
    Execution execution =
        sandbox.execute(
            Program.python(
                    """
                    import sys
                    for line in sys.stdin:
                        print(line.strip()[::-1])
                    print(__name__, sys.argv, "\u00e9", file=sys.stderr)
                    sys.exit(7)
                    """)
                .withStdin("abc\ndef\n"),
            Limits.defaults());
    assertThat(execution.stdout()).isEqualTo("cba\nfed\n");
    assertThat(execution.stderr()).isEqualTo("__main__ ['main.py'] \u00e9\n");
    assertThat(execution.ending()).isEqualTo(new Ending.Exited(7));
    assertThat(execution.peakBytes()).isPositive();
  }

  @Test
  void showsTracebacksWithoutItsOwnFrames() {
    assertThat(python("def f():\n    1/0\nf()\n").stderr())
        .isEqualTo(
            """
            Traceback (most recent call last):
              File "/tmp/main.py", line 3, in <module>
                f()
              File "/tmp/main.py", line 2, in f
                1/0
                ~^~
            ZeroDivisionError: division by zero
            """);
    assertThat(python("def f(:\n").stderr())
        .contains("line 1")
        .endsWith("SyntaxError: invalid syntax\n");
  }

  @Test
  void endsPythonWithItsThreadsAndExitFunctions() {
    String code =
        """
        import atexit, threading, time
        atexit.register(lambda: print("exit"))
        threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
        print("main", end=" ")
        """;
    assertThat(python(code).stdout()).isEqualTo("main thread\nexit\n");
  }

  @Test
  void runsShellAndJava() {
    Execution shell =
        sandbox.execute(
            new Program(Language.SHELL, "read x; echo \"$x\" | tr a-z A-Z; echo $HOME", "hi"),
            Limits.defaults());
    assertThat(shell.stdout()).isEqualTo("HI\n/tmp\n");
    Execution java =
        sandbox.execute(
            new Program(Language.JAVA, "void main() { IO.println(IO.readln() + \"!\"); }", "hi\n"),
            within(60).withMegabytes(512));
    assertThat(java.stdout()).as(java.toString()).isEqualTo("hi!\n");
    assertThat(java.succeeded()).isTrue();
  }

  @Test
  void isTheSameWhateverTheHost() {
    Execution first =
        python(
            "import os, socket; print(sorted(os.environ.items()), os.getpid(), socket.gethostname(), hash('a'), os.getuid())");
    Execution second =
        python(
            "import os, socket; print(sorted(os.environ.items()), os.getpid(), socket.gethostname(), hash('a'), os.getuid())");
    assertThat(first.stdout())
        .isEqualTo(second.stdout())
        .contains(" 2 sandbox ")
        .contains(" 1000\n");
  }

  @Test
  void killsAtTheLimitOfTheClock() {
    Execution execution = python("import time\ntime.sleep(60)", within(0.3));
    assertThat(execution.ending()).isEqualTo(new Ending.TimedOut(Ending.TimedOut.Clock.WALL));
    assertThat(execution.seconds()).isBetween(0.3, 10.0);
  }

  @Test
  void countsProcessorTimeOfAllProcesses() {
    Limits limits = within(60).withCpuSeconds(0.5);
    Execution execution =
        python("import os\nfor _ in range(4): os.fork()\nwhile True: pass", limits);
    assertThat(execution.ending()).isEqualTo(new Ending.TimedOut(Ending.TimedOut.Clock.CPU));
    assertThat(execution.cpuSeconds()).isLessThan(10.0);
  }

  @Test
  void limitsMemoryOfOneProcessAndOfAllTogether() {
    Ending outOfMemory = new Ending.OutOfMemory();
    Limits limits = within(30).withMegabytes(128);
    assertThat(python("b = []\nwhile True: b.append(bytearray(1 << 20))", limits).ending())
        .isEqualTo(outOfMemory);
    assertThat(python("b = bytearray(4 << 30)", limits).ending()).isEqualTo(outOfMemory);
    Execution many =
        python(
            """
            import os, time
            for _ in range(10):
                if os.fork() == 0:
                    b = bytearray(40 << 20)
                    time.sleep(20)
            time.sleep(20)
            """,
            limits);
    assertThat(many.ending()).isEqualTo(outOfMemory);
    assertThat(many.seconds()).isLessThan(15.0);
    Execution files =
        python(
            "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))",
            limits.withFileBytes(1L << 30));
    assertThat(files.ending()).as(files.toString()).isEqualTo(outOfMemory);
  }

  @Test
  void countsPagesThatForksShareOnce() {
    Execution execution =
        python(
            """
            import os, time
            b = bytearray(60 << 20)
            for _ in range(8):
                if os.fork() == 0:
                    time.sleep(0.3)
                    os._exit(0)
            time.sleep(0.3)
            """,
            within(30).withMegabytes(128));
    assertThat(execution.ending()).as(execution.toString()).isEqualTo(new Ending.Exited(0));
  }

  @Test
  void limitsProcesses() {
    Execution execution =
        python(
            """
            import os, time
            n = 0
            try:
                while True:
                    if os.fork() == 0:
                        time.sleep(9)
                    n += 1
            except BlockingIOError:
                print(n)
            """,
            Limits.defaults().withProcesses(16));
    assertThat(execution.stdout()).isEqualTo("15\n");
  }

  @Test
  void outlivesForkBombs() {
    Execution execution =
        sandbox.execute(
            new Program(Language.SHELL, "f() { f | f & }; f; sleep 60", ""), within(0.5));
    assertThat(execution.ending()).isNotInstanceOf(Ending.Lost.class);
    assertThat(python("print(1)").stdout()).isEqualTo("1\n");
  }

  @Test
  void cutsOutputWhileItIsPrinted() {
    Limits limits = Limits.defaults().withOutputBytes(10_000);
    Execution endless = python("while True: print('x' * 99)", limits);
    assertThat(endless.ending()).isEqualTo(new Ending.OutputTooLong());
    assertThat(endless.stdout()).hasSize(10_000);
    Execution both =
        python("import sys\nprint('o' * 6000)\nprint('e' * 6000, file=sys.stderr)", limits);
    assertThat(both.ending()).isEqualTo(new Ending.OutputTooLong());
    assertThat(both.stdout().length() + both.stderr().length()).isEqualTo(10_000);
    assertThat(python("print('x' * 9_999)", limits).succeeded()).isTrue();
  }

  @Test
  void passesLargeInputAndOutput() {
    String text = "line of text\n".repeat(200_000);
    Limits limits = Limits.defaults().withOutputBytes(4 << 20).withMegabytes(512);
    Execution echoed =
        sandbox.execute(
            Program.python("import sys\nsys.stdout.write(sys.stdin.read())").withStdin(text),
            limits);
    assertThat(echoed.stdout()).isEqualTo(text);
    Execution unread = sandbox.execute(Program.python("print(1)").withStdin(text), limits);
    assertThat(unread.stdout()).isEqualTo("1\n");
  }

  @Test
  void tellsWhichSignalEndedAProgram() {
    assertThat(python("import os\nos.kill(os.getpid(), 9)").ending())
        .isEqualTo(new Ending.Killed(9));
    assertThat(python("import ctypes\nctypes.string_at(0)").ending())
        .isEqualTo(new Ending.Killed(11));
    assertThat(python("import os\nos.abort()").ending()).isEqualTo(new Ending.Killed(6));
  }

  @Test
  void endsWithTheMainProgramWhateverItHasStarted() {
    Execution execution =
        sandbox.execute(
            new Program(Language.SHELL, "(setsid sleep 60 &) ; sleep 60 & echo done", ""),
            within(30));
    assertThat(execution.stdout()).isEqualTo("done\n");
    assertThat(execution.seconds()).isLessThan(15.0);
  }

  @Test
  void letsNoProgramHarmItsKeeper() {
    String code =
        """
        import os, resource, signal
        for number in (9, 19, 15, 2, 11, 10):
            os.kill(1, number)
        try:
            resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))
        except PermissionError:
            print("refused")
        """;
    assertThat(python(code).stdout()).isEqualTo("refused\n");
  }

  @Test
  void leavesNothingToTheNextExecution() {
    String leave =
        "import os\nopen('/tmp/left', 'w').write('x')\nif os.fork() == 0:\n    os.setsid()\n    import time\n    time.sleep(60)";
    String look =
        "import os\nprint(os.listdir('/tmp'), [p for p in os.listdir('/proc') if p.isdigit()])";
    for (int i = 0; i < 3; i++) {
      assertThat(python(leave).succeeded()).isTrue();
      assertThat(python(look).stdout()).isEqualTo("['main.py'] ['1', '2']\n");
    }
  }

  @Test
  void runsManyAtOnceAndLeavesNoProcessBehind() throws IOException {
    try (BubblewrapSandbox many = Sandboxes.open(SandboxSettings.defaults().withAtOnce(8))) {
      List<Integer> numbers = IntStream.range(0, 200).boxed().toList();
      List<String> outputs =
          Scope.map(
              numbers,
              i ->
                  many.execute(
                          Program.python("print(int(input()) * 2)").withStdin(i + "\n"), within(60))
                      .stdout());
      assertThat(outputs).isEqualTo(numbers.stream().map(i -> 2 * i + "\n").toList());
    }
    try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      String mine = "burnish-sandbox-" + ProcessHandle.current().pid() + "-";
      assertThat(all.filter(path -> path.getFileName().toString().startsWith(mine)))
          .as("only that of the other sandbox of this class")
          .hasSize(1);
    }
    assertThat(
            ProcessHandle.current()
                .descendants()
                .map(h -> h.info().command().orElse(""))
                .filter(c -> c.endsWith("bwrap"))
                .count())
        .isLessThanOrEqualTo(2);
  }

  @Test
  void killsTheProgramOfAnInterruptedCaller() {
    FutureTask<Execution> task =
        new FutureTask<>(() -> python("import time\ntime.sleep(60)", within(60)));
    Thread thread = Thread.ofVirtual().start(task);
    thread.interrupt();
    assertThatThrownBy(task::get).hasCauseInstanceOf(CancellationException.class);
    assertThat(python("print(1)").stdout()).as("its place is free").isEqualTo("1\n");
  }

  @Test
  void losesWhatRunsWhenTheServerDiesAndStartsAnotherOne() throws Exception {
    try (BubblewrapSandbox mine = Sandboxes.open(SandboxSettings.defaults())) {
      FutureTask<Execution> task =
          new FutureTask<>(() ->
              mine.execute(
                  Program.python("import time\nprint('begun', flush=True)\ntime.sleep(60)"),
                  within(60)));
      Thread.ofVirtual().start(task);
      while (mine.numRunning() == 0) {
        LockSupport.parkNanos(1_000_000);
        assertThat(task.isDone() || Thread.currentThread().isInterrupted()).isFalse();
      }
      mine.killServer();
      assertThat(task.get().ending()).isInstanceOf(Ending.Lost.class);
      assertThat(mine.execute(Program.python("print(1)"), Limits.defaults()).stdout())
          .isEqualTo("1\n");
    }
  }

  @Test
  void refusesToRunOnceItIsClosed() {
    BubblewrapSandbox mine = Sandboxes.open(SandboxSettings.defaults());
    mine.close();
    assertThatThrownBy(() -> mine.execute(Program.python(""), Limits.defaults()))
        .isInstanceOf(IllegalStateException.class);
  }
}
