/// Programs that nobody has read, run where they can do no harm: limits, isolation, and how each
/// execution ended.
///
/// Idea: bubblewrap builds one file system without anything of the host that a program has no use
/// for, and a server inside forks a warm interpreter into fresh namespaces per execution
/// (`forkserver.py`). The program has no capability, no network, no device except those like
/// `/dev/null`, a short list of system calls (`syscalls.txt`), and no memory, file or process of
/// its own once it has ended. What it can still reach is the kernel: a sandbox is no virtual
/// machine.
@NullMarked
package dev.burnish.sandbox;

import org.jspecify.annotations.NullMarked;
