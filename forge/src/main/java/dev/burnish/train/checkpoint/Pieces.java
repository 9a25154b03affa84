package dev.burnish.train.checkpoint;

import dev.burnish.safetensors.StoredTensor;
import java.util.List;
import java.util.function.Consumer;

/// The tensors of a checkpoint as they were at one moment, in pieces of one file each, which a
/// writer reads one after the other while their owner continues.
///
/// Threading: read and closed by the thread that writes.
public interface Pieces extends AutoCloseable {
  int count();

  /// The name of a piece, which is that of its file.
  String name(int piece);

  /// Hands over the tensors of a piece, once. They stay as they are until `reader` returns, and may
  /// change afterwards.
  void read(int piece, Consumer<List<StoredTensor>> reader);

  /// Discards the pieces that were not read.
  @Override
  void close();
}
