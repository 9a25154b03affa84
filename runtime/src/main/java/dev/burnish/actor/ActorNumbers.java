package dev.burnish.actor;

import java.util.concurrent.atomic.AtomicLong;

/// The numbers of actors. Those below 65536 are of agents, which every process has; all others are
/// assigned by some process to actors of any, and no two processes assign the same: the upper half
/// is a digest of the assigning process's name. Thread-safe.
final class ActorNumbers {
  private static final long NUM_AGENTS = 1L << 16;

  private final long digest;
  private final AtomicLong last;

  /// @param process the name of the process that assigns them
  ActorNumbers(String process) {
    digest = digest(process);
    last = new AtomicLong(digest | NUM_AGENTS);
  }

  private static long digest(String process) {
    long digest = 0xcbf29ce484222325L;
    for (int i = 0; i < process.length(); i++) {
      digest = (digest ^ process.charAt(i)) * 0x100000001b3L;
    }
    return digest & 0x7fff_ffff_0000_0000L;
  }

  static boolean isAgent(long number) {
    return number < NUM_AGENTS;
  }

  long next() {
    return last.incrementAndGet();
  }

  /// A number that distinguishes an actor of the process from all others of the job: its own, or a
  /// wider one for an agent, which has the same number in every process.
  long identity(long number) {
    return isAgent(number) ? digest | number : number;
  }
}
