package dev.burnish.mcp;

import dev.burnish.tools.ToolUnavailable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// The process of a server. It is started by a thread that lives as long as it does, since the
/// kernel kills it when that thread ends: so it does not outlive this process, however that ends.
/// Its children are killed with it where they can be found.
final class ServerProcess {
  private static final Set<String> VARIABLES =
      Set.of("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "TZ");

  /// Of standard error, for messages.
  private static final int TAIL = 2_000;

  private static final int GRACE_MILLIS = 500;

  private final ServerCommand command;
  private final McpLimits limits;
  private final Process process;
  private final StringBuilder errors = new StringBuilder();

  private ServerProcess(ServerCommand command, McpLimits limits, Process process) {
    this.command = command;
    this.limits = limits;
    this.process = process;
    Thread.ofVirtual().name("mcp-errors").start(this::drainErrors);
  }

  /// @throws ToolUnavailable if there is no such program
  static ServerProcess start(ServerCommand command, McpLimits limits) {
    ProcessBuilder builder = new ProcessBuilder(boundToParent(command.command()));
    builder.environment().keySet().retainAll(VARIABLES);
    builder.environment().putAll(command.environment());
    FutureTask<Process> start = new FutureTask<>(builder::start);
    Thread.ofPlatform()
        .daemon()
        .name("mcp-" + command.name())
        .start(() -> {
          start.run();
          awaitEnd(start);
        });
    try {
      return new ServerProcess(command, limits, start.get());
    } catch (ExecutionException e) {
      throw new ToolUnavailable(
          "an MCP server must be a program that starts: command=%s (%s)"
              .formatted(command.command(), e.getCause()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ToolUnavailable("interrupted while an MCP server starts", e);
    }
  }

  private static void awaitEnd(FutureTask<Process> started) {
    try {
      started.get().waitFor();
    } catch (ExecutionException e) {
      System.getLogger(ServerProcess.class.getName())
          .log(System.Logger.Level.DEBUG, "no server was started: {0}", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// A command whose process the kernel kills when its parent is gone, where `setpriv` is there.
  private static List<String> boundToParent(List<String> command) {
    List<String> bound = new ArrayList<>();
    if (isInstalled("setpriv") && isInstalled("setsid")) {
      bound.addAll(List.of("setsid", "setpriv", "--pdeathsig", "KILL", "--"));
    }
    bound.addAll(command);
    return bound;
  }

  private static boolean isInstalled(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  private void drainErrors() {
    byte[] buffer = new byte[4096];
    try (InputStream in = process.getErrorStream()) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        synchronized (errors) {
          errors.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
          errors.delete(0, Math.max(0, errors.length() - TAIL));
        }
      }
    } catch (IOException e) {
      System.getLogger(ServerProcess.class.getName())
          .log(System.Logger.Level.DEBUG, "standard error of a server ended: {0}", e);
    }
  }

  McpLimits limits() {
    return limits;
  }

  InputStream output() {
    return process.getInputStream();
  }

  OutputStream input() {
    return process.getOutputStream();
  }

  long pid() {
    return process.pid();
  }

  /// The server with what it said last on standard error.
  String describe() {
    synchronized (errors) {
      String said = errors.toString().strip();
      return command.name() + (said.isEmpty() ? "" : ", which said: " + said);
    }
  }

  /// Closes its input, which asks it to end, and kills it and its children soon after.
  void end() {
    Thread.ofVirtual().name("mcp-close").start(this::closeInput); // waits for a write under way
    try {
      process.waitFor(GRACE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kill();
  }

  private void closeInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      System.getLogger(ServerProcess.class.getName())
          .log(System.Logger.Level.DEBUG, "a server has closed its input: {0}", e);
    }
  }

  /// Kills it and its children at once.
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
