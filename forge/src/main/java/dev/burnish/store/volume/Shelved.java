package dev.burnish.store.volume;

import dev.burnish.store.tensors.Deposit;

/// A contribution that a volume holds.
///
/// @param epoch of the catalogue that has it
record Shelved(Deposit deposit, long epoch, Medium medium) {
  enum Medium {
    MEMORY,
    DISK
  }

  long id() {
    return deposit.part().id();
  }

  long bytes() {
    return deposit.part().memory().size();
  }

  Shelved at(long other) {
    return new Shelved(deposit, other, medium);
  }
}
