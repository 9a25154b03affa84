package dev.burnish.data.files;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Finds the files of a split in a folder as `datasets` does: those that the README's `configs:`
/// lists, else those that [SplitPatterns] finds, in the folder named like the config or in the
/// whole folder. If there are several formats, one is read.
public final class HuggingFaceFolder {
  private static final Pattern SHARD = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\..*)");

  private final Path folder;
  private final String config;
  private final String split;
  private final List<String> notes = new ArrayList<>();

  private HuggingFaceFolder(Path folder, String config, String split) {
    this.folder = folder;
    this.config = config;
    this.split = split;
  }

  /// The files of a split.
  ///
  /// @throws IllegalArgumentException if there is no such config or split, if one of its files is
  ///   missing, or if its format is not read
  public static SplitFiles find(Path folder, String config, String split) {
    return new HuggingFaceFolder(folder, config, split).find();
  }

  private SplitFiles find() {
    DatasetCard card = DatasetCard.read(folder);
    Listing found;
    if (card.configs().isEmpty()) {
      found = byName(config.equals("default") ? folder : folderOfConfig());
    } else {
      DatasetCard.Config chosen = card.config(config);
      Path base = chosen.dataDir().map(folder::resolve).orElse(folder);
      found = chosen.files().isEmpty() ? byName(base) : byPatterns(base, chosen.files());
    }
    for (Path link : found.broken()) {
      notes.add("left out %s: it is a link to a file that is gone".formatted(link));
    }
    List<Path> files = ofOneFormat(found);
    checkShards(files);
    return new SplitFiles(new Copies(notes).leftOut(files), notes);
  }

  private Path folderOfConfig() {
    Path folderOfConfig = folder.resolve(config);
    if (!Files.isDirectory(folderOfConfig)) {
      throw new IllegalArgumentException(
          "a config is in the README of a data set, or a folder of it: data=%s config=%s; its folders are %s: choose with --set config=NAME"
              .formatted(folder, config, folders()));
    }
    return folderOfConfig;
  }

  private Set<String> folders() {
    Set<String> names = new LinkedHashSet<>();
    for (Path file : Listing.of(folder).files()) {
      if (file.getNameCount() > 1) {
        names.add(file.getName(0).toString());
      }
    }
    return names;
  }

  private Listing byName(Path base) {
    if (!Files.isDirectory(base)) {
      throw new IllegalArgumentException(
          "a config's data_dir is a folder: data=%s config=%s data_dir=%s; download it again"
              .formatted(folder, config, base));
    }
    Listing all = Listing.of(base);
    Map<String, Listing> splits = SplitPatterns.splits(all);
    Optional<Listing> found =
        Optional.ofNullable(splits.get(split)).or(() -> SplitPatterns.named(all, split));
    return found.orElseThrow(() -> none(all, splits.keySet()));
  }

  private Listing byPatterns(Path base, Map<String, List<String>> splits) {
    List<String> patterns = splits.get(split);
    if (patterns == null) {
      throw none(Listing.of(base), splits.keySet());
    }
    Set<Path> files = new LinkedHashSet<>();
    Set<Path> broken = new LinkedHashSet<>();
    for (String pattern : patterns) {
      Listing matching = Listing.of(base, Glob.of(pattern));
      if (matching.files().isEmpty() && !Glob.of(pattern).isPattern()) {
        throw missing(pattern);
      }
      matching.files().stream().filter(SplitFiles::holdRows).forEach(files::add);
      broken.addAll(matching.broken());
    }
    if (files.isEmpty()) {
      throw missing(String.join(", ", patterns));
    }
    return new Listing(base, List.copyOf(files), List.copyOf(broken));
  }

  private IllegalArgumentException missing(String pattern) {
    return new IllegalArgumentException(
        "the files that a data set's README names are there: data=%s config=%s split=%s path=%s; download it again, or correct the README"
            .formatted(folder, config, split, pattern));
  }

  private IllegalArgumentException none(Listing all, Set<String> splits) {
    List<Path> read = all.files().stream().filter(SplitFiles::areRead).toList();
    String choice =
        splits.isEmpty() || splits.contains(split)
            ? ""
            : "; its splits are %s: choose with --set split=%s"
                .formatted(String.join(", ", splits), splits.iterator().next());
    return new IllegalArgumentException(
        "a data set folder has the split: data=%s config=%s split=%s; its data files are %s%s%s"
            .formatted(
                folder, config, split, read.stream().limit(20).toList(), choice, unread(all)));
  }

  private static String unread(Listing all) {
    Stream<String> cures =
        Stream.of(
            all.files().stream().anyMatch(Format.ARROW::has)
                ? "; its .arrow files are not read: export it with to_parquet first"
                : "",
            all.files().stream().anyMatch(Format.CSV::has)
                ? "; its .csv files are not read: convert them to .jsonl or .parquet first"
                : "");
    return String.join("", cures.toList());
  }

  /// The files of the most frequent format.
  private List<Path> ofOneFormat(Listing found) {
    Format format = Format.ofMost(found.files()).orElseThrow(() -> none(found, Set.of()));
    if (!format.isRead()) {
      throw none(found, Set.of());
    }
    Map<Boolean, List<Path>> parts = new LinkedHashMap<>();
    for (Path file : found.files()) {
      parts.computeIfAbsent(format.has(file), _ -> new ArrayList<>()).add(file);
    }
    List<Path> others = parts.getOrDefault(false, List.of());
    if (!others.isEmpty()) {
      notes.add(
          "left out %s: one format of a split is read, that of most of its files (%s)"
              .formatted(String.join(", ", others.stream().map(Path::toString).toList()), format));
    }
    return parts.getOrDefault(true, List.of()).stream().map(found.root()::resolve).toList();
  }

  /// Checks that all parts of `name-00000-of-00003` are there.
  private static void checkShards(List<Path> files) {
    for (Path file : files) {
      Matcher shard = SHARD.matcher(String.valueOf(file.getFileName()));
      for (int i = 0; shard.matches() && i < Integer.parseInt(shard.group(3)); i++) {
        String name =
            String.format(
                Locale.ROOT, "%s-%05d-of-%s%s", shard.group(1), i, shard.group(3), shard.group(4));
        if (!Files.exists(file.resolveSibling(name))) {
          throw new IllegalArgumentException(
              "a data set has all its parts: missing=%s; download it again"
                  .formatted(file.resolveSibling(name)));
        }
      }
    }
  }
}
