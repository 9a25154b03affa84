package dev.burnish.controller;

import dev.burnish.model.LanguageModel;

/// Finds the model that a run began with, also in one that was resumed.
@FunctionalInterface
public interface PolicyReference {
  /// @return to be closed, unless it is the policy without its adaptation
  LanguageModel open();
}
