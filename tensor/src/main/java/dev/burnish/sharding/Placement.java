package dev.burnish.sharding;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a tensor lies along one axis of a mesh. The terms are those of torch's DTensor.
public sealed interface Placement {
  /// The text of the placements, see [#parse].
  Pattern TEXT = Pattern.compile("R|P|S(-?\\d{1,3})");

  /// A dim is divided among the ranks along the axis, as by `torch.chunk`: all ranks have ceil(size
  /// / ranks) indices, until they run out; the last ranks may have none.
  ///
  /// @param dim negative ones count from the end
  record Shard(int dim) implements Placement {
    @Override
    public String toString() {
      return "S" + dim;
    }
  }

  /// All ranks along the axis have the same.
  record Replicate() implements Placement {
    @Override
    public String toString() {
      return "R";
    }
  }

  /// The tensor is the sum over the ranks along the axis. There is no layout with it: see [Layout].
  record Partial() implements Placement {
    @Override
    public String toString() {
      return "P";
    }
  }

  static Placement shard(int dim) {
    return new Shard(dim);
  }

  static Placement replicate() {
    return new Replicate();
  }

  /// The placement of a text: `S0` shards dim 0, `R` replicates, `P` is partial.
  ///
  /// @return empty if it is no such text
  static Optional<Placement> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (text.charAt(0)) {
          case 'R' -> new Replicate();
          case 'P' -> new Partial();
          default -> new Shard(Integer.parseInt(matcher.group(1)));
        });
  }
}
