package dev.burnish.actor;

import dev.burnish.concurrent.Thrown;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/// Status lines of the parts of a process, for observers such as `burnish ps`. Thread-safe.
public final class StatusBoard {
  private final SequencedMap<String, Supplier<List<String>>> sections = new TreeMap<>();

  /// Sets the lines under a title, in place of earlier ones with the same title.
  public synchronized void put(String title, Supplier<List<String>> lines) {
    sections.put(title, lines);
  }

  /// Ends [#put].
  public synchronized void remove(String title) {
    sections.remove(title);
  }

  /// All sections at this moment, by title.
  public List<Section> all() {
    List<Section> all = new ArrayList<>();
    copy().forEach((title, lines) -> all.add(new Section(title, lines(lines))));
    return all;
  }

  /// The supplier may be a user's: where it throws, the others are still shown.
  private static List<String> lines(Supplier<List<String>> lines) {
    try {
      return List.copyOf(lines.get());
    } catch (Throwable e) {
      return List.of("cannot be told: " + Thrown.text(e));
    }
  }

  private synchronized SequencedMap<String, Supplier<List<String>>> copy() {
    return new TreeMap<>(sections);
  }

  /// Lines under a title.
  public record Section(String title, List<String> lines) {}
}
