package dev.burnish.env.code;

import dev.burnish.sandbox.CodeSandbox;
import dev.burnish.sandbox.Execution;
import dev.burnish.sandbox.Limits;
import dev.burnish.sandbox.Program;
import dev.burnish.sandbox.SandboxSettings;

/// A coder with a sandbox of this process.
record LocalCoder(CodeSandbox sandbox) implements SandboxedCoder, AutoCloseable {
  static LocalCoder open(SandboxSettings settings) {
    return new LocalCoder(CodeSandbox.open(settings));
  }

  @Override
  public Execution execute(Program program, Limits limits) {
    return sandbox.execute(program, limits);
  }

  @Override
  public void close() {
    sandbox.close();
  }
}
