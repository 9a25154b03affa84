package dev.burnish.train.checkpoint;

import java.util.SortedMap;
import java.util.TreeMap;

/// The content of a checkpoint: `manifest.json`, which is written last.
///
/// @param number of the checkpoint
/// @param sha256 of each other file, in hexadecimal
record Manifest(long number, SortedMap<String, String> sha256) {
  static final String FILE = "manifest.json";

  Manifest {
    sha256 = new TreeMap<>(sha256);
  }
}
