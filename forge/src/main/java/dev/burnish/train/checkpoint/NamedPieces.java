package dev.burnish.train.checkpoint;

import dev.burnish.safetensors.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The pieces of several owners in one checkpoint, each under the name of its owner:
/// [Snapshot#ofOwner] finds them again.
public final class NamedPieces implements Pieces {
  private record Owned(String owner, Pieces pieces, int index) {}

  private final List<Pieces> all = new ArrayList<>();
  private final List<Owned> pieces = new ArrayList<>();

  private NamedPieces() {}

  /// Takes the pieces of each owner, in order; if one has none to give, those before it are closed.
  ///
  /// @param sources by name of the owner; empty for the pieces that keep their names
  public static NamedPieces take(Map<String, Supplier<Pieces>> sources) {
    NamedPieces taken = new NamedPieces();
    try {
      sources.forEach((owner, source) -> taken.add(owner, source.get()));
    } catch (RuntimeException e) {
      taken.close();
      throw e;
    }
    return taken;
  }

  private void add(String owner, Pieces added) {
    all.add(added);
    for (int i = 0; i < added.count(); i++) {
      pieces.add(new Owned(owner, added, i));
    }
  }

  /// The name under which a checkpoint has what an owner calls `name`.
  public static String nameOf(String owner, String name) {
    return owner.isEmpty() ? name : owner + "-" + name;
  }

  @Override
  public int count() {
    return pieces.size();
  }

  @Override
  public String name(int piece) {
    Owned owned = pieces.get(piece);
    return nameOf(owned.owner(), owned.pieces().name(owned.index()));
  }

  @Override
  public void read(int piece, Consumer<List<StoredTensor>> reader) {
    Owned owned = pieces.get(piece);
    owned.pieces().read(owned.index(), reader);
  }

  @Override
  public void close() {
    all.forEach(Pieces::close);
  }
}
